"""A folder that can be made full."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

SIZES = {"memory": "256k", "rocksdb": "1g"}
"""By store: RocksDB reserves some 70 MB for the log of each of its folders."""
PIECE = b"\0" * 65_536


class StateDisk:
    """The state folder of a worker: a tiny file system where one can be mounted.

    Elsewhere a full disk is played by a file in the folder's place, in which nothing can be
    written either.
    """

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder
        folder.mkdir()
        self._aside = folder.with_name(folder.name + "-aside")
        self._filler = folder / "filler"
        self.is_mounted = os.geteuid() == 0 and _mount(folder, SIZES[store])

    def fill(self) -> None:
        """Leave no room."""
        if self.is_mounted:
            with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
                while True:
                    file.write(PIECE)
        else:
            self.folder.rename(self._aside)
            self.folder.write_bytes(b"")

    def free(self) -> None:
        """Leave room again."""
        if self.is_mounted:
            self._filler.unlink(missing_ok=True)
        elif self._aside.exists():
            self.folder.unlink()
            self._aside.rename(self.folder)

    def remove(self) -> None:
        """Take the file system away; the folder stays."""
        self.free()
        if self.is_mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)
            self.is_mounted = False


def _mount(folder: Path, size: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
