"""Models changed while workers run on a real broker: by the command line, as an operator would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_worker import COMMAND, READY_LIMIT_S, SAMPLES, Shop
from tests.kafka.helpers import read_all
from tests.toys.bad_models import BAD_FOLDERS
from tests.toys.tiny_bert import make_tiny_bert
from tests.waiting import wait_until

REVIEWS = SAMPLES / "reviews.jsonl"
CALL_LIMIT_S = 120.0

pytestmark = pytest.mark.timeout(400)


class Fleet(Shop):
    """Workers of one group, and what their operator types."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        super().__init__(bootstrap, folder)
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self) -> None:
        log = self.folder / f"worker-{len(self.workers)}.log"
        with log.open("ab") as output:
            self.workers.append(
                subprocess.Popen(
                    [*COMMAND, "run", "--format", "json"],
                    cwd=self.folder,
                    stderr=output,
                    stdout=output,
                    start_new_session=True,
                )
            )
        wait_until(lambda: '"worker_ready"' in log.read_text(errors="replace"), READY_LIMIT_S)

    def models(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code of `shopstreams models`, and all that it says."""
        done = subprocess.run(
            [*COMMAND, "models", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=CALL_LIMIT_S,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    def standing(self) -> list[dict[str, Any]]:
        """Return what each worker says of its sentiment model."""
        code, said = self.models("list", "--json")
        assert code == 0, said
        workers: list[dict[str, Any]] = json.loads(said)["sentiment"]["workers"]
        return workers

    def in_use(self) -> set[str]:
        return {worker["in_use"]["name"] for worker in self.standing()}


@pytest.fixture
def fleet(kafka: str, tmp_path: Path) -> Iterator[Fleet]:
    one = Fleet(kafka, tmp_path)
    make_tiny_bert(tmp_path / "tiny")
    (tmp_path / "broken").mkdir()
    one.call("topics", "create")
    yield one
    for worker in one.workers:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def test_models_are_changed_under_traffic_and_back(fleet: Fleet) -> None:
    code, said = fleet.models("list")
    assert (code, "no worker of group" in said) == (0, True)
    fleet.add_worker()
    reviews = fleet.folder / "reviews.jsonl"
    # A tiny model knows letters and some Chinese characters, but no review of thumbs alone.
    lines = REVIEWS.read_text(encoding="utf-8").splitlines(keepends=True)
    reviews.write_text("".join(line for line in lines if "👍👍" not in line), encoding="utf-8")
    replay = fleet.begin("replay", "reviews", str(reviews), "--rate", "20", "--wait")

    code, said = fleet.models("load", "sentiment", "./broken")
    assert code == 1
    assert "broken' has no config.json" in said
    assert "1 of 1 workers failed: nothing was changed" in said
    assert fleet.in_use() == {"shopstreams/sentiment"}

    code, said = fleet.models("shadow", "sentiment", "./tiny", "--share", "1")
    assert code == 0, said
    (agreement,) = read_all(fleet.bootstrap, f"{fleet.prefix}.model-agreement", 1)[:1]
    compared = json.loads(agreement.value() or b"")
    assert compared["compared"] > 0
    assert (compared["in_use"]["name"], compared["candidate"]["name"]) == (
        "shopstreams/sentiment",
        "tiny",
    )

    code, said = fleet.models("swap", "sentiment")
    assert code == 0, said
    assert "took over: tiny" in said
    report = json.loads(replay.communicate(timeout=CALL_LIMIT_S)[0])
    assert (report["missing"], report["dead_letters"], report["duplicates"]) == (0, 0, 0)

    fleet.add_worker()  # its configuration knows nothing of the swap
    assert [one["in_use"]["name"] for one in fleet.standing()] == ["tiny", "tiny"]

    code, said = fleet.models("rollback", "sentiment")
    assert code == 0, said
    assert said.count("took over: shopstreams/sentiment") == 2
    assert fleet.in_use() == {"shopstreams/sentiment"}


def test_a_bad_folder_leaves_the_model_in_force(fleet: Fleet) -> None:
    fleet.add_worker()
    for bad in ("pickled", "wants-code", "cut-off", "one-label", "no-classifier", "fewer-labels"):
        spoil, sentence = BAD_FOLDERS[bad]
        spoil(make_tiny_bert(fleet.folder / bad))
        code, said = fleet.models("swap", "sentiment", f"./{bad}")
        assert code == 1, said
        assert re.search(sentence, said)
        assert said.endswith("1 of 1 workers failed: nothing was changed\n")
    assert fleet.in_use() == {"shopstreams/sentiment"}
    report = json.loads(fleet.call("replay", "reviews", str(REVIEWS), "--wait"))
    assert (report["missing"], report["dead_letters"]) == (0, 0)


@pytest.mark.parametrize("bad", ["pickled", "wants-code", "cut-off"])
def test_a_worker_does_not_start_with_a_bad_folder(fleet: Fleet, bad: str) -> None:
    spoil, sentence = BAD_FOLDERS[bad]
    folder = make_tiny_bert(fleet.folder / bad)
    spoil(folder)
    environ = os.environ | {"SHOPSTREAMS_MODELS__INTENT": str(folder)}
    for command in ("run", "doctor"):
        done = subprocess.run(
            [*COMMAND, command],
            cwd=fleet.folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=CALL_LIMIT_S,
            check=False,
        )
        assert done.returncode == 1
        lines = (done.stdout + done.stderr).splitlines()
        assert len([line for line in lines if re.search(sentence, line)]) == 1
        assert "Traceback" not in done.stdout + done.stderr


def test_who_loads_nothing_good_is_told_at_once(fleet: Fleet) -> None:
    code, said = fleet.models("swap", "sentimnt", "./tiny")
    assert (code, "did you mean 'sentiment'?" in said) == (2, True)
    code, said = fleet.models("rollback", "sentiment")
    assert (code, "there is no way back" in said) == (1, True)
    code, said = fleet.models("swap", "sentiment")
    assert (code, "no candidate stands beside" in said) == (1, True)
