"""A clock that jumps: `time.time` with an offset that is read from a file."""

from __future__ import annotations

import time
from pathlib import Path

LOOK_INTERVAL_S = 0.05


def install(path: Path) -> None:
    """Let `time.time` run as the file says; to be called before other modules are imported.

    `datetime.now` and the monotonic clocks stay right: what a jump of the system's clock changes
    most, time-outs and timestamps of records, is read from `time.time` and the monotonic ones.
    """
    real, monotonic = time.time, time.monotonic
    offset = 0.0
    looked = 0.0

    def shifted() -> float:
        nonlocal offset, looked
        if monotonic() - looked > LOOK_INTERVAL_S:
            looked = monotonic()
            offset = float(path.read_text() or 0)
        return real() + offset

    time.time = shifted
