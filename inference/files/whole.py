"""A file that is there whole, or as it was before."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write, which takes the place of `path` once all is written and on the disk.

    After an error `path` is as it was. A file that was there keeps its permissions, and a link
    leads where it led. What is no file, `/dev/stdout`, is written to as it is.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as there:
            yield there
        return
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.draft")
    try:
        with draft.open("xb") as file:
            if target.exists():
                shutil.copymode(target, draft)  # before there is anything to read
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
