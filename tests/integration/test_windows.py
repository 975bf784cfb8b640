"""Windowed tables on a real broker: right over a restart, and gone when their time is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from schemas.topics import DEFAULT_TOPICS
from tests.chaos.process import Setup, Worker
from tests.integration.windowed_worker import EXPIRES_S, MINUTE_S, TABLE
from tests.kafka.helpers import create_topics, read_all, unique

NOON = 1_767_268_800
USERS = 20
EVENTS = 3_000
EVENT_S = 0.2
"""Ten minutes of events."""
LATER = 200
"""Events long after all others: each takes two windows of before along."""
LIMIT_S = 60.0

pytestmark = pytest.mark.timeout(240)


class Shop:
    """A source of one partition, the worker, and the truth."""

    def __init__(self, kafka: str, folder: Path, delivery: str, store: str) -> None:
        self.kafka = kafka
        self.group = unique("windows")
        self.topics = {spec.id: f"{self.group}.{spec.name}" for spec in DEFAULT_TOPICS}
        create_topics(kafka, self.topics.values(), partitions=1)
        model = folder / "model"
        model.mkdir()
        setup = Setup(
            bootstrap=kafka,
            group=self.group,
            delivery=delivery,
            topics=self.topics,
            folder=folder,
            model=model,
            seed=1,
            store=store,
            program="tests.integration.windowed_worker",
        )
        self.worker = Worker(setup, "worker")
        self.truth: Counter[tuple[int, str]] = Counter()  # by minute and user
        self.expected: list[str] = []  # counts that the results must name, in order of the events
        self._number = 0
        self._at = float(NOON)

    def send(self, events: int) -> None:
        producer = Producer({"bootstrap.servers": self.kafka})
        for _ in range(events):
            at = self._at = self._at + EVENT_S
            user = f"u{self._number % USERS}"
            self.truth[int(at // MINUTE_S), user] += 1
            self.expected.append(f"{self._number} {self.truth[int(at // MINUTE_S), user]}")
            value = {
                "review_id": str(self._number),
                "user_id": user,
                "product_id": "p",
                "text": f"{self._number}",
                "created_at": datetime.fromtimestamp(at, UTC),
            }
            producer.produce(self.topics["reviews"], key=user, value=orjson.dumps(value))
            self._number += 1
        assert producer.flush(LIMIT_S) == 0

    def skip(self, seconds: float) -> None:
        """Let the next event come later, at the begin of a minute."""
        self._at = (self._at + seconds) // MINUTE_S * MINUTE_S

    def start(self) -> None:
        self.worker.start()
        assert self.worker.wait_until_ready(), self.worker.log_tail().decode()

    def results(self, count: int) -> list[str]:
        """Return each event's number and count, in the order of the events."""
        topic = self.topics["review-labels"]
        messages = read_all(self.kafka, topic, count, LIMIT_S, partitions=1)
        read = [orjson.loads(message.value() or b"") for message in messages]
        read.sort(key=lambda one: int(one["review_id"]))
        return [f"{one['review_id']} {one['sentiment']}" for one in read]

    def changelog(self) -> dict[tuple[int, str], int]:
        """Return what a compacted changelog holds, by minute and user."""
        topic = f"{self.group}-{TABLE}-changelog"
        held: dict[bytes, bytes] = {}
        for message in read_all(self.kafka, topic, 1_000_000, limit_s=3.0, partitions=1):
            key, value = message.key() or b"", message.value()
            if value is None:
                held.pop(key, None)
            else:
                held[key] = value
        return {_window(key): orjson.loads(value) for key, value in held.items()}


def _window(key: bytes) -> tuple[int, str]:
    name = orjson.loads(key)
    return int(name[:13]) // int(MINUTE_S * 1000), name[13:]


@pytest.fixture(params=["exactly_once", "at_least_once"])
def shop(request: pytest.FixtureRequest, kafka: str, tmp_path: Path) -> Iterator[Shop]:
    store = {"exactly_once": "rocksdb", "at_least_once": "memory"}[request.param]
    shop = Shop(kafka, tmp_path, request.param, store)
    yield shop
    shop.worker.remove()


def test_windows_are_right_over_a_restart_and_leave_the_changelog(
    shop: Shop, request: pytest.FixtureRequest
) -> None:
    shop.start()
    shop.send(EVENTS // 2)
    if "exactly_once" in request.node.name:
        # In the middle: what was counted and not committed is counted again.
        assert len(shop.results(EVENTS // 10)) >= EVENTS // 10
        shop.worker.kill()
    else:
        assert len(shop.results(EVENTS // 2)) == EVENTS // 2
        assert shop.worker.terminate() == 0
    shop.start()
    shop.send(EVENTS // 2)
    assert shop.results(EVENTS) == shop.expected
    shop.skip(2 * EXPIRES_S)
    shop.send(LATER)
    assert shop.results(EVENTS + LATER) == shop.expected
    assert shop.worker.terminate() == 0
    newest = max(minute for minute, _ in shop.truth)
    alive = {place: count for place, count in shop.truth.items() if place[0] == newest}
    assert shop.changelog() == alive
