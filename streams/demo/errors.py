"""What can go wrong in the demo.

DemoError    a part of it did not start or ended early; carries the log to show
"""

from __future__ import annotations

from pathlib import Path

from streams.errors import StreamsError

_SHOWN_LINES = 15


class DemoError(StreamsError):
    """A part of the demo did not start or ended early; the message ends with its last log lines."""

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"{what}.{_tail(log)}")
        self.log = log


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    shown = "\n".join(f"  {line}" for line in lines[-_SHOWN_LINES:])
    return f" Its last words:\n{shown}" if shown else " It said nothing."
