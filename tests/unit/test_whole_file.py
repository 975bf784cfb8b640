"""A file that is written whole or stays as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inference.files.whole import written_whole
from streams.cli.app import app
from streams.cli.failures import run_command

BEFORE = b"what was there\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    return path


def test_it_takes_the_old_ones_place_at_the_end(file: Path) -> None:
    with written_whole(file) as new:
        new.write(b"new")
        new.flush()
        assert file.read_bytes() == BEFORE
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_after_an_error_all_is_as_it_was(file: Path) -> None:
    def write_half() -> None:
        with written_whole(file) as new:
            new.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert file.read_bytes() == BEFORE
    assert list(file.parent.iterdir()) == [file]


def test_a_link_leads_where_it_led(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    with written_whole(link) as new:
        new.write(b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with written_whole(pipe) as new:
        new.write(b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert pipe.is_fifo()


def test_decisions_stay_where_the_broker_is_not_there(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOPSTREAMS_MODERATION__ENABLED", "true")
    monkeypatch.setattr("streams.admin.TIMEOUT_S", 0.2)
    command = ["decisions", "export", "--out", str(file), "--bootstrap-servers", "127.0.0.1:1"]
    assert run_command(app, command) == 1
    assert "no Kafka broker answers" in capsys.readouterr().err
    assert file.read_bytes() == BEFORE
