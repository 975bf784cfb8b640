"""Where the user's own cache is: nobody else may write what is read from it."""

from __future__ import annotations

import os
from pathlib import Path

_PRIVATE = 0o700


def user_cache(name: str) -> Path:
    """Return a folder of that name in the user's cache, made where it is missing.

    Raises `OSError` where it cannot be made.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "shopstreams" / name
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    return folder
