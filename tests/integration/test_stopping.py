"""A worker that is told to stop stops, whatever the broker does."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from schemas.topics import DEFAULT_TOPICS
from tests.chaos.process import Setup, Worker
from tests.kafka.helpers import create_topics, read_all, unique
from tests.kafka.jars import tools_are_there
from tests.kafka.server import KafkaServer
from tests.waiting import wait_until

LIMIT_S = 60.0
STOP_S = 20.0
"""Far less than the minute for which Faust waits for a thread that has died."""
DRAIN_S = 2.0
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


class Shop:
    """A worker and its topics."""

    def __init__(self, bootstrap: str, folder: Path, delivery: str) -> None:
        self.bootstrap = bootstrap
        group = unique("stopping")
        self.topics = {spec.id: f"{group}.{spec.name}" for spec in DEFAULT_TOPICS}
        create_topics(bootstrap, self.topics.values(), partitions=1)
        model = folder / "model"
        model.mkdir()
        setup = Setup(
            bootstrap=bootstrap,
            group=group,
            delivery=delivery,
            topics=self.topics,
            folder=folder,
            model=model,
            seed=1,
            engine={"drain_timeout_s": DRAIN_S},
            program="tests.integration.windowed_worker",
        )
        self.worker = Worker(setup, "worker")

    def start(self) -> None:
        self.worker.start()
        assert self.worker.wait_until_ready(), self.worker.log_tail().decode()
        wait_until(lambda: OPENED in self.worker.log_tail(), LIMIT_S)

    def stop(self) -> float:
        """Stop the worker in order; return the seconds that it took."""
        told_at = time.monotonic()
        self.worker.send(signal.SIGTERM)
        wait_until(lambda: not self.worker.runs, 2 * LIMIT_S)
        took_s = time.monotonic() - told_at
        assert self.worker.terminate() == 0, self.worker.log_tail().decode()
        return took_s

    def send(self, text: str) -> None:
        event = {
            "review_id": text,
            "user_id": "u",
            "product_id": "p",
            "text": text,
            "created_at": "2026-01-01T00:00:00Z",
        }
        producer = Producer({"bootstrap.servers": self.bootstrap})
        producer.produce(self.topics["reviews"], key="u", value=orjson.dumps(event))
        assert producer.flush(LIMIT_S) == 0

    def results(self, count: int) -> list[str]:
        """Return the reviews that have a result, `count` of them."""
        topic = self.topics["review-labels"]
        read = read_all(self.bootstrap, topic, count, LIMIT_S, partitions=1)
        return [orjson.loads(message.value() or b"")["review_id"] for message in read]


@pytest.fixture(params=["exactly_once", "at_least_once"])
def shop(request: pytest.FixtureRequest, server: KafkaServer, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(server.bootstrap_servers, tmp_path, request.param)
    shop.start()
    yield shop
    shop.worker.remove()


def test_a_worker_stops_while_the_broker_is_away(shop: Shop, server: KafkaServer) -> None:
    server.kill()
    wait_until(lambda: GONE in shop.worker.log_tail(), LIMIT_S)
    assert shop.stop() < STOP_S


def test_what_is_not_done_in_the_time_for_a_stop_is_done_by_the_next_owner(
    shop: Shop, tmp_path: Path
) -> None:
    shop.send("before")
    assert shop.results(1) == ["before"]
    hung = tmp_path / "hung"
    hung.mkdir()
    shop.send(f"hang {hung}")
    shop.send("after")
    wait_until(lambda: list(hung.iterdir()), LIMIT_S)
    assert shop.stop() < DRAIN_S + STOP_S
    assert b'"drain_timeout"' in shop.worker.log_tail()
    shop.start()
    assert shop.results(3) == ["before", f"hang {hung}", "after"]
