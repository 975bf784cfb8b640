"""The tutorial's steps are done word by word on a copy of the code, and then the worker runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.demo.broker import EmbeddedBroker
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "inference", "streams")
WEIGHTS = "bundled"
MOST_LINES = 50
READY_LIMIT_S = 240.0
LIMIT_S = 60.0
STEP = re.compile(
    r"`([\w/.]+\.py)`, (?:a new file|below `([^`\n]+)`):\n\n```(?:python)?\n(.*?)```", re.DOTALL
)

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One block of the tutorial."""

    file: str
    below: str | None  # the line that it goes below; None for a new file
    text: str


def steps() -> list[Step]:
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    found = [
        Step(file=file, below=line or None, text=text) for file, line, text in STEP.findall(page)
    ]
    assert len(found) == page.count("```") // 2
    return found


def take(step: Step, folder: Path) -> None:
    path = folder / step.file
    if step.below is None:
        assert not path.exists()
        path.write_text(step.text, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (at,) = (number for number, line in enumerate(lines) if line.strip() == step.below)
    path.write_text("".join([*lines[: at + 1], step.text, *lines[at + 1 :]]), encoding="utf-8")


def statements(text: str) -> int:
    """Count lines that say something: no blanks, imports, docstrings or lone brackets."""
    spared = ("import ", "from ", '"""', "@", ")")
    return sum(
        bool(line.strip()) and not line.strip().startswith(spared) for line in text.splitlines()
    )


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    one = EmbeddedBroker(tmp_path)
    yield one.address
    one.stop()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", WEIGHTS)
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    (folder / "inference" / WEIGHTS).symlink_to(ROOT / "inference" / WEIGHTS)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def environment(folder: Path, broker: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "SHOPSTREAMS" not in name}
    return kept | {
        "PYTHONPATH": str(folder),
        "SHOPSTREAMS_KAFKA__BOOTSTRAP_SERVERS": broker,
        "SHOPSTREAMS_KAFKA__DECLARE_TOPICS": "false",
        "SHOPSTREAMS_ENGINE__DELIVERY": "at_least_once",
        "SHOPSTREAMS_WEB__ENABLED": "false",
        "SHOPSTREAMS_LOGGING__FORMAT": "json",
    }


def test_it_is_as_short_as_it_says() -> None:
    code = [step for step in steps() if step.file != "send.py"]
    assert sum(statements(step.text) for step in code) <= MOST_LINES


def test_its_task_runs(copy: Path, broker: str) -> None:
    for step in steps():
        take(step, copy)
    sorted_ = [sys.executable, "-m", "ruff", "check", "--fix", "--quiet", *PACKAGES]
    subprocess.run(sorted_, cwd=copy, check=True)
    environ, log = environment(copy, broker), copy / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "run"], cwd=copy, env=environ, stderr=output
        )
    try:
        wait_until(
            lambda: b'"worker_ready"' in log.read_bytes() or worker.poll() is not None,
            READY_LIMIT_S,
        )
        assert worker.poll() is None, log.read_text()
        send = [sys.executable, "send.py", broker]
        subprocess.run(send, cwd=copy, env=environ, check=True, timeout=LIMIT_S)
        tail = ["tail", "search-pages", "--from-beginning", "--limit", "2", "--json"]
        told = subprocess.run(
            [sys.executable, "-m", "streams.cli", *tail],
            cwd=copy,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    finally:
        worker.terminate()
        worker.wait()
    pages = [json.loads(line) for line in told.stdout.splitlines()]
    assert {one["search_id"]: one["page"] for one in pages} == {
        "s0": "order_status",
        "s1": "products",
    }
    assert worker.returncode == 0
