"""A worker that is told to stop stops, whatever the broker does."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import DEFAULT_TOPICS
from tests.chaos.process import Setup, Worker
from tests.kafka.helpers import create_topics, unique
from tests.kafka.jars import tools_are_there
from tests.kafka.server import KafkaServer
from tests.waiting import wait_until

LIMIT_S = 60.0
STOP_S = 20.0
"""Far less than the minute for which Faust waits for a thread that has died."""
OPENED = b'"partitions_opened"'
GONE = b"Failed fetch messages"

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not tools_are_there(), reason="needs a broker of its own to kill"),
]


@pytest.fixture
def server() -> Iterator[KafkaServer]:
    server = KafkaServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(params=["exactly_once", "at_least_once"])
def worker(request: pytest.FixtureRequest, server: KafkaServer, tmp_path: Path) -> Iterator[Worker]:
    group = unique("stopping")
    topics = {spec.id: f"{group}.{spec.name}" for spec in DEFAULT_TOPICS}
    create_topics(server.bootstrap_servers, topics.values())
    model = tmp_path / "model"
    model.mkdir()
    setup = Setup(
        bootstrap=server.bootstrap_servers,
        group=group,
        delivery=request.param,
        topics=topics,
        folder=tmp_path,
        model=model,
        seed=1,
    )
    worker = Worker(setup, "worker")
    worker.start()
    assert worker.wait_until_ready(), worker.log_tail().decode()
    wait_until(lambda: OPENED in worker.log_tail(), LIMIT_S)
    yield worker
    worker.remove()


def test_a_worker_stops_while_the_broker_is_away(worker: Worker, server: KafkaServer) -> None:
    server.kill()
    wait_until(lambda: GONE in worker.log_tail(), LIMIT_S)
    told_at = time.monotonic()
    worker.send(signal.SIGTERM)
    wait_until(lambda: not worker.runs, LIMIT_S + STOP_S)
    assert time.monotonic() - told_at < STOP_S, worker.log_tail().decode()
    assert worker.terminate() == 0
