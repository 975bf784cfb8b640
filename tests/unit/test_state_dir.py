"""The folder for tables is made, and what cannot be one is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import StartupError
from streams.state_dir import look_at_state_dir, require_state_dir


def test_the_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    require_state_dir(folder)
    require_state_dir(folder)
    assert not list(folder.iterdir())


def test_the_folder_is_the_workers_own(tmp_path: Path) -> None:
    require_state_dir(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_who_only_looks_leaves_no_folder_of_its_own(tmp_path: Path) -> None:
    look_at_state_dir(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match=r"file is no folder of ours\): make room or make it"):
        look_at_state_dir(tmp_path / "file" / "state")


def test_a_folder_that_cannot_even_be_looked_at_is_said(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="File name too long"):
        look_at_state_dir(tmp_path / ("x" * 300))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="Not a directory"):
        require_state_dir(tmp_path / "file" / "state")
