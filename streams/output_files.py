"""Files that a command is to write: looked at before it computes, so that none computes in vain."""

from __future__ import annotations

import os
from pathlib import Path

from streams.errors import StreamsError


class OutputError(StreamsError):
    """A file cannot be written; the message says which and why."""


def require_writable(*files: Path | None) -> None:
    """Raise `OutputError` for the first file that could not be written now; None is no file."""
    for file in files:
        if file is not None and (why := _obstacle(file)):
            raise OutputError(f"{file} cannot be written: {why}")


def require_folder(folder: Path | None) -> None:
    """Make a folder where there is none, unless it is None; raises `OutputError`."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} is not for us to write to")


def write_output(file: Path, text: str) -> None:
    """Write a file; raises `OutputError`."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}") from error


def _obstacle(file: Path) -> str | None:
    try:
        return _found_obstacle(file)
    except OSError as error:  # it may not even be looked at
        return error.strerror or str(error)


def _found_obstacle(file: Path) -> str | None:
    folder = file.absolute().parent
    if file.is_dir():
        return "it is a folder"
    if file.exists():
        return None if os.access(file, os.W_OK) else "it is not for us to write to"
    if not folder.is_dir():
        return f"there is no folder {folder}"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} is not for us to write to"
