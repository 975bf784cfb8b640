"""A worker on a real broker, as its operator runs it: killed in the middle, nothing is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import DEFAULT_TOPICS
from tests.kafka.helpers import read_all, unique
from tests.waiting import wait_until

READY_LIMIT_S = 90.0
REPLAY_LIMIT_S = 150.0
STOP_LIMIT_S = 30.0
POLL_S = 0.1
SAMPLES = Path(__file__).parent.parent.parent / "streams/demo/data"
COMMAND = [sys.executable, "-m", "streams.cli"]

pytestmark = pytest.mark.timeout(300)


class Shop:
    """Topics, group and folder of one test."""

    def __init__(self, bootstrap: str, folder: Path, access: str = "") -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix = unique("shop")
        topics = "\n".join(f'{spec.id} = "{prefix}.{spec.name}"' for spec in DEFAULT_TOPICS)
        self._folder = folder
        self._log = folder / "worker.log"
        (folder / "shopstreams.toml").write_text(
            f'[kafka]\nbootstrap_servers = "{bootstrap}"\ngroup = "{prefix}"\n'
            f"{access}[web]\nenabled = false\n[topics]\n{topics}\n"
        )
        self.worker: subprocess.Popen[bytes] | None = None

    def call(self, *arguments: str) -> str:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=REPLAY_LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.log()}"
        return done.stdout

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments], cwd=self._folder, stdout=subprocess.PIPE, text=True
        )

    def launch(self) -> None:
        self._log.write_bytes(b"")
        with self._log.open("ab") as output:
            self.worker = subprocess.Popen(
                [*COMMAND, "run", "--format", "json"],
                cwd=self._folder,
                stderr=output,
                stdout=output,
                start_new_session=True,
            )

    def start(self) -> None:
        self.launch()
        assert self.worker is not None
        until = time.monotonic() + READY_LIMIT_S
        while '"worker_ready"' not in self.log():
            assert self.worker.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(POLL_S)

    def end(self, number: signal.Signals) -> int:
        assert self.worker is not None
        self.worker.send_signal(number)
        return self.worker.wait(STOP_LIMIT_S)

    def log(self) -> str:
        return self._log.read_text(errors="replace")


@pytest.fixture
def shop(kafka: str, tmp_path: Path) -> Iterator[Shop]:
    one = Shop(kafka, tmp_path)
    one.call("topics", "create")
    one.call("replay", "catalogue", str(SAMPLES / "catalogue.jsonl"))
    one.call("replay", "knowledge", str(SAMPLES / "knowledge.jsonl"))
    yield one
    if one.worker is not None and one.worker.poll() is None:
        os.killpg(one.worker.pid, signal.SIGKILL)
        one.worker.wait()


def test_all_three_sources_have_an_outcome_for_every_event(shop: Shop) -> None:
    shop.start()
    for source in ("orders", "reviews", "queries"):
        path = SAMPLES / f"{source}.jsonl"
        report = json.loads(shop.call("replay", source, str(path), "--wait"))
        events = len(path.read_text(encoding="utf-8").splitlines())
        assert report["events"] == report["outcomes"] == events
        assert (report["missing"], report["dead_letters"], report["duplicates"]) == (0, 0, 0)
    assert shop.end(signal.SIGTERM) == 0


def test_a_worker_killed_in_the_middle_loses_nothing(shop: Shop) -> None:
    shop.start()
    path = SAMPLES / "reviews.jsonl"
    replay = shop.begin("replay", "reviews", str(path), "--rate", "100", "--wait")
    some = len(path.read_text(encoding="utf-8").splitlines()) // 3
    assert len(read_all(shop.bootstrap, f"{shop.prefix}.review-labels", some)) >= some
    shop.end(signal.SIGKILL)
    shop.start()
    output, _ = replay.communicate(timeout=REPLAY_LIMIT_S)
    assert json.loads(output)["missing"] == 0
    assert shop.end(signal.SIGTERM) == 0


def test_a_signal_while_models_load_ends_the_worker_at_once(shop: Shop) -> None:
    shop.launch()
    wait_until(lambda: '"models_loading"' in shop.log(), READY_LIMIT_S)
    assert shop.end(signal.SIGTERM) == 0
    assert '"worker_ready"' not in shop.log()


def test_a_signal_drains_and_leaves_what_is_done_committed(shop: Shop) -> None:
    shop.start()
    report = json.loads(shop.call("replay", "reviews", str(SAMPLES / "reviews.jsonl"), "--wait"))
    assert report["missing"] == 0
    assert shop.end(signal.SIGTERM) == 0
    shop.start()
    again = json.loads(shop.call("replay", "reviews", str(SAMPLES / "reviews.jsonl"), "--wait"))
    assert (again["missing"], again["duplicates"]) == (0, 0)
