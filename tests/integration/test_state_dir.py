"""A folder for tables on a file system that is full or read-only: what is wrong is said."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from streams.errors import StartupError
from streams.state_dir import require_state_dir
from tests.chaos.disk import StateDisk


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    disk = StateDisk(tmp_path / "state", "memory")
    try:
        disk.fill()
        with pytest.raises(StartupError, match=r"cannot write to engine.state_dir = .*state \("):
            require_state_dir(disk.folder)
        disk.free()
        require_state_dir(disk.folder)
    finally:
        disk.remove()


def test_a_read_only_file_system_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(StartupError, match=r"\(Read-only file system\): make room or make it"):
            require_state_dir(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
