"""A worker on a real broker tells how it stands, through a start, a crash of its models, a stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.topics import DEFAULT_TOPICS
from tests.kafka.helpers import create_topics, read_all, unique
from tests.waiting import wait_until

LIMIT_S = 90.0
REQUEST_S = 5.0
PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

pytestmark = pytest.mark.timeout(240)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Worker:
    """A worker with a page."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap, self.prefix, self.port = bootstrap, unique("signals"), free_port()
        self._log = folder / "worker.log"
        topics = {f"SHOPSTREAMS_TOPICS__{one.id}": self.name(one.name) for one in DEFAULT_TOPICS}
        self._environ = os.environ | {
            "SHOPSTREAMS_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "SHOPSTREAMS_KAFKA__GROUP": self.prefix,
            "SHOPSTREAMS_ENGINE__STATE_DIR": str(folder / "state"),
            "SHOPSTREAMS_WEB__PORT": str(self.port),
            "SHOPSTREAMS_LOGGING__FORMAT": "json",
            **{name.replace("-", "_").upper(): value for name, value in topics.items()},
        }
        create_topics(bootstrap, [self.name(one.name) for one in DEFAULT_TOPICS])
        self.process = self.start(self._log)

    def name(self, topic: str) -> str:
        return f"{self.prefix}.{topic}"

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "run"],
                env=self._environ,
                stdout=output,
                stderr=output,
            )

    def get(self, path: str) -> tuple[int, str]:
        try:
            address = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(address, timeout=REQUEST_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError:
            assert self.process.poll() is None, self._log.read_text()
            return 0, ""

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def figure(self, sample: str) -> float:
        found = re.search(rf"^{re.escape(sample)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def models(self) -> int:
        """Process id of the inference worker."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return int(" ".join(one.read_text() for one in children).split()[0])


@pytest.fixture
def worker(kafka: str, tmp_path: Path) -> Iterator[Worker]:
    one = Worker(kafka, tmp_path)
    yield one
    one.process.kill()
    one.process.wait()


def review(number: int) -> bytes:
    return json.dumps(
        {
            "review_id": f"r{number}",
            "user_id": f"u{number}",
            "product_id": "p",
            "text": f"number {number} is fine",
            "created_at": "2026-01-01T00:00:00Z",
        }
    ).encode()


def test_a_worker_tells_how_it_stands(worker: Worker, tmp_path: Path) -> None:
    wait_until(lambda: worker.get("/healthz")[0] == 200, LIMIT_S)
    assert worker.get("/readyz")[0] == 503  # models take seconds
    wait_until(worker.is_ready, LIMIT_S)
    assert worker.figure("shopstreams_partitions") == 12

    second = tmp_path / "second.log"
    assert worker.start(second).wait(LIMIT_S) == 1
    lines = [json.loads(line) for line in second.read_text().splitlines()]
    (said,) = [line["event"] for line in lines if line["level"] != "info"]
    assert said.startswith(f"port {worker.port} is taken: set web.port")

    producer = Producer({"bootstrap.servers": worker.bootstrap})
    for number in range(20):
        headers: dict[str, str | bytes | None] = {"traceparent": PARENT}
        producer.produce(worker.name("reviews"), review(number), b"u", headers=headers)
    producer.produce(worker.name("reviews"), b"no json", b"u")
    producer.flush(LIMIT_S)
    outcomes = 'shopstreams_outcomes_total{task="sentiment",topic="review-labels"}'
    wait_until(lambda: worker.figure(outcomes) == 20, LIMIT_S)
    assert worker.figure('shopstreams_events_total{task="sentiment"}') == 21
    assert worker.figure('shopstreams_step_seconds_count{step="compute",task="sentiment"}') == 20
    assert 'shopstreams_dead_letters_total{reason="' in worker.get("/metrics")[1]
    (first, *_) = read_all(worker.bootstrap, worker.name("review-labels"), 20)
    assert first.headers() == [("traceparent", PARENT)]
    wait_until(
        lambda: worker.figure('shopstreams_batch_items_total{slot="sentiment"}') > 0, LIMIT_S
    )
    assert worker.figure('shopstreams_device_memory_bytes{device="cpu"}') > 1e6

    os.kill(worker.models(), signal.SIGKILL)
    wait_until(lambda: worker.figure("shopstreams_worker_restarts_total") == 1, LIMIT_S)
    assert worker.get("/healthz")[0] == 200
    wait_until(worker.is_ready, LIMIT_S)

    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(LIMIT_S) == 0
