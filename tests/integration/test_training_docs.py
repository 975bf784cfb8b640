"""The commands with which docs/training.md begins, as they stand there."""

from __future__ import annotations

import shlex
from itertools import takewhile
from pathlib import Path

import pytest

from streams.cli.app import app
from streams.cli.failures import run_command
from tests.toys.tiny_bert import make_tiny_bert

PAGE = Path(__file__).parents[2] / "docs/training.md"
INDENT = "    "


def commands() -> list[list[str]]:
    """Return the arguments of each line of the first block, its variable filled in."""
    lines = iter(PAGE.read_text(encoding="utf-8").splitlines())
    name, _, value = next(line for line in lines if line.startswith(INDENT)).strip().partition("=")
    block = takewhile(lambda line: line.startswith(INDENT), lines)
    return [shlex.split(line.replace(f"${name}", value))[1:] for line in block]


def write(path: Path, start: int) -> None:
    rows = [f"{'差好'[n % 2] * 5} {n},{1 + 4 * (n % 2)}" for n in range(start, start + 60)]
    path.write_text("\n".join(["review,stars", *rows]), encoding="utf-8")


def test_the_commands_do_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "reviews.csv", 0)
    write(tmp_path / "held-out.csv", 100)
    small = ["--base", str(make_tiny_bert(tmp_path / "tiny")), "--epochs", "1"]
    for command in commands():
        more = small if command[0] == "train" else []
        assert run_command(app, [*command, *more]) == 0, command
    assert "live" in capsys.readouterr().out
