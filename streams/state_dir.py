"""The folder of a worker's own files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from streams.errors import StartupError

_PROBE: Final = bytes(64 * 1024)
"""More than a file system keeps within its own records of a file."""
_OWN: Final = 0o700
"""Tables hold what customers wrote and bought: nobody else on the machine reads them."""


def require_state_dir(folder: Path) -> None:
    """Make the folder and write to it; raises `StartupError` where that cannot be done.

    Asked before models load: a read-only file system or a full disk would show minutes later.
    """
    try:
        folder.mkdir(mode=_OWN, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(_PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _not_writable(folder, error.strerror) from error


def look_at_state_dir(folder: Path) -> None:
    """Raise `StartupError` as above, and make no folder: it would be of whoever looks."""
    try:
        if folder.exists():
            require_state_dir(folder)
            return
        above = next(one for one in folder.absolute().parents if one.exists())
        is_ours = above.is_dir() and os.access(above, os.W_OK | os.X_OK)
    except OSError as error:  # whoever asks may not even look
        raise _not_writable(folder, error.strerror) from error
    if not is_ours:
        raise _not_writable(folder, f"{above} is no folder of ours")


def _not_writable(folder: Path, why: str | None) -> StartupError:
    return StartupError(
        f"cannot write to engine.state_dir = {folder} ({why}): make room or make it writable, or "
        "name another folder"
    )
