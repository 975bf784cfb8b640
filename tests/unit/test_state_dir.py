from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from streams.errors import StartupError
from streams.state_dir import require_state_dir
from tests.chaos.disk import StateDisk


def test_the_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    require_state_dir(folder)
    require_state_dir(folder)
    assert not list(folder.iterdir())


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


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="Not a directory"):
        require_state_dir(tmp_path / "file" / "state")


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
