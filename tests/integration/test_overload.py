"""More events than can be worked on: memory is bounded, and who can be served is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from schemas.topics import DEFAULT_TOPICS
from tests.chaos.process import Setup, Worker
from tests.integration.held_worker import HELD
from tests.kafka.helpers import create_topics, read_all, unique

LIMIT_S = 60.0
MEBIBYTE = 1024 * 1024
WINDOW_BYTES = 4 * MEBIBYTE
HELD_RECORDS = 5_000
HELD_BYTES = 20_000
ALLOWED_BYTES = 48 * MEBIBYTE
"""A window, what is made of it, and the client's buffers: half of what is waiting."""
PROBES = 8

pytestmark = pytest.mark.timeout(240)


class Shop:
    """A source of two partitions and a worker."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.kafka = kafka
        group = unique("overload")
        self.topics = {spec.id: f"{group}.{spec.name}" for spec in DEFAULT_TOPICS}
        create_topics(kafka, self.topics.values(), partitions=2)
        model = folder / "model"
        model.mkdir()
        setup = Setup(
            bootstrap=kafka,
            group=group,
            delivery="exactly_once",
            topics=self.topics,
            folder=folder,
            model=model,
            seed=1,
            engine={"window_bytes": WINDOW_BYTES, "drain_timeout_s": 0},
            program="tests.integration.held_worker",
        )
        self.worker = Worker(setup, "worker")

    def send(self, partition: int, texts: list[str]) -> None:
        producer = Producer({"bootstrap.servers": self.kafka})
        for number, text in enumerate(texts):
            event = {
                "review_id": f"{number}",
                "user_id": f"u{partition}",
                "product_id": "p",
                "text": text,
                "created_at": "2026-01-01T00:00:00Z",
            }
            producer.produce(self.topics["reviews"], orjson.dumps(event), partition=partition)
            producer.poll(0)
        assert producer.flush(LIMIT_S) == 0

    def results(self, count: int) -> int:
        topic = self.topics["review-labels"]
        return len(read_all(self.kafka, topic, count, LIMIT_S, partitions=2))


@pytest.fixture
def shop(kafka: str, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(kafka, tmp_path)
    yield shop
    shop.worker.remove()


def test_a_partition_that_hangs_takes_no_more_than_its_window_and_starves_no_other(
    shop: Shop,
) -> None:
    shop.worker.start()
    assert shop.worker.wait_until_ready(), shop.worker.log_tail().decode()
    shop.send(1, ["fine"])
    assert shop.results(1) == 1
    before = shop.worker.resident_bytes
    shop.send(0, [HELD + "x" * HELD_BYTES] * HELD_RECORDS)
    for probe in range(2, PROBES + 2):
        shop.send(1, ["fine"])
        assert shop.results(probe) == probe
    assert shop.worker.resident_bytes - before < ALLOWED_BYTES
    assert shop.worker.terminate() == 0
