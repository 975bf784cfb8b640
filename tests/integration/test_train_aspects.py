"""`train aspects` and `evaluate aspects`, as a shop uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.cli.app import app
from streams.cli.failures import run_command
from tests.toys.tiny_bert import make_tiny_bert


def write(path: Path, start: int, *more: str) -> Path:
    """Write texts that speak well of one thing and ill of another."""
    rows = []
    for n in range(start, start + 30):
        for aspect, other, label in (("a", "b", 1), ("b", "a", 0)):
            good, bad = (aspect, other) if label else (other, aspect)
            rows.append(f"{good} good {bad} bad {n},{aspect},{label}")
    path.write_text("\n".join(["review,aspect,label", *rows, *more]), encoding="utf-8")
    return path


def test_a_shop_trains_and_measures_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_tiny_bert(tmp_path / "tiny")
    train = write(tmp_path / "a.csv", 0, "no aspect here,,1")
    test = write(tmp_path / "b.csv", 100)
    out = tmp_path / "mine"
    shape = ["--map", "text=review", "--base", str(folder), "--max-tokens", "32"]
    pace = ["--epochs", "2", "--learning-rate", "0.002", "--dtype", "fp32", "--threads", "1"]
    command = ["train", "aspects", str(train), "--test", str(test), "--out", str(out)]
    assert run_command(app, [*command, *shape, *pace]) == 0
    said = capsys.readouterr().err
    assert "1 rows without text (the first: a.csv, line 62: no aspect)" in said
    assert "labels: negative, positive" in said
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "A row is a text and its aspect" in card
    measured = ["evaluate", "aspects", str(test), "--map", "text=review", "--model", str(out)]
    assert run_command(app, [*measured, "--errors", str(tmp_path / "wrong.jsonl")]) == 0
    figures = json.loads(capsys.readouterr().out)
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert figures["n"] == 60
    assert figures["accuracy"] == metrics["test"]["accuracy"]
