"""A shop's own TOML files: settings, a policy, words."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from inference.files.errors import FileError


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a file holds; raises `FileError` with the line if it is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{path} is not TOML: {_lower_first(str(error))}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 (at byte {error.start})") from error
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
