"""A training that is killed goes on, and ends with the weights of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import SafetensorError, safe_open

from tests.toys.tiny_bert import make_tiny_bert
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
LIMIT_S = 240.0
EPOCHS = 16

pytestmark = pytest.mark.timeout(900)


def write_rows(path: Path) -> Path:
    words = ("bad 差 " * 4, "good 好 " * 4)
    rows = [f"{words[n % 2]}{n},{n % 2}" for n in range(300)]
    path.write_text("\n".join(["review,stars", *rows]), encoding="utf-8")
    return path


def start(data: Path, base: Path, out: Path) -> subprocess.Popen[str]:
    arguments = ["train", "sentiment", str(data), "--map", "text=review,label=stars"]
    arguments += ["--base", str(base), "--out", str(out), "--checkpoint-s", "0", "--threads", "1"]
    arguments += ["--epochs", str(EPOCHS), "--patience", str(EPOCHS), "--batch-tokens", "64"]
    return subprocess.Popen(
        [sys.executable, "-m", "streams.cli", *arguments, "--device", "cpu"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def step_of(out: Path) -> int:
    """Return the step of the checkpoint, 0 before the first."""
    try:
        with safe_open(out / ".training" / "checkpoint.safetensors", framework="np") as file:
            return int(json.loads(file.metadata()["history"])["step"])
    except (OSError, SafetensorError):
        return 0


def kill_at(least: int, process: subprocess.Popen[str], out: Path) -> None:
    """Kill the training as soon as it has written a checkpoint of that step or a later one."""
    wait_until(lambda: step_of(out) >= least or process.poll() is not None, LIMIT_S)
    process.send_signal(signal.SIGKILL)
    _, told = process.communicate(timeout=LIMIT_S)
    assert process.returncode == -signal.SIGKILL, told


def finish(process: subprocess.Popen[str]) -> str:
    _, told = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, told
    return told


def test_killed_twice_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    data, base = write_rows(tmp_path / "reviews.csv"), make_tiny_bert(tmp_path / "base")
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for least in (5, 60):
        kill_at(least, start(data, base, killed), killed)
        assert (killed / ".training").is_dir()
    assert "going on at step" in finish(start(data, base, killed))
    finish(start(data, base, whole))
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    assert not (killed / ".training").exists()
    assert "reviews.csv" in (killed / "README.md").read_text(encoding="utf-8")
