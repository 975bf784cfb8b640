"""What cannot be written is said before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.cli.app import app
from streams.cli.failures import run_command
from streams.output_files import OutputError, require_folder, require_writable, write_output


def test_a_file_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    require_writable(tmp_path / "old", tmp_path / "new", Path("/dev/null"), None)
    assert [one.name for one in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "old"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (".", "it is a folder"),
        ("nowhere/file", "there is no folder .*nowhere"),
        ("file/file", "there is no folder .*file"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_said(tmp_path: Path, file: str, said: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=f"cannot be written: {said}"):
        require_writable(tmp_path / file)
    with pytest.raises(OutputError, match="cannot be written: "):
        write_output(tmp_path / file, "")


def test_a_folder_is_made_or_said(tmp_path: Path) -> None:
    require_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made: "):
        require_folder(tmp_path / "file")


@pytest.mark.parametrize(
    "command",
    [
        ["evaluate", "sentiment", "not-there.csv", "--json"],
        ["evaluate", "intent", "not-there.csv", "--errors"],
        ["evaluate", "reply", "not-there.jsonl", "--model", "./not-there", "--json"],
        ["explain", "sentiment", "good", "--model", "./not-there", "--html"],
        ["demo", "--json"],
    ],
)
def test_commands_look_before_they_do_anything(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # What is not there besides would be said instead, had anything been read or started.
    assert run_command(app, [*command, str(tmp_path / "nowhere" / "out")]) == 1
    assert "out cannot be written: there is no folder" in capsys.readouterr().err
