"""Replays against a real broker; the worker's part is played by the test."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from inference.files.columns import Columns
from schemas.topics import DEFAULT_TOPICS
from streams.admin import (
    TopicsMissing,
    UnequalPartitions,
    check_topics,
    create_topics,
    source_partitions,
)
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.config import Settings, load_settings
from streams.replay.errors import DeliveryError
from streams.replay.events import QUERIES, REVIEWS, Recipe
from streams.replay.run import Plan, Report, replay, replay_and_wait

pytestmark = pytest.mark.timeout(120)

PARTITIONS = 3
Answer = Callable[[int], list[tuple[str, dict[str, Any]]]]
"""Of an event's place in the file: the topics and values that the worker writes."""


@pytest.fixture
def settings(kafka: str) -> Settings:
    """Topics of this test's own."""
    prefix = uuid.uuid4().hex[:8]
    flags: dict[str, Any] = {f"topics.{s.id}": f"{prefix}-{s.name}" for s in DEFAULT_TOPICS}
    flags |= {"kafka.bootstrap_servers": kafka, "kafka.partitions": PARTITIONS}
    return load_settings(environ={}, flags=flags, directory=Path("/nonexistent")).settings


@pytest.fixture
def with_topics(settings: Settings) -> Settings:
    create_topics(settings)
    return settings


def ignore(_sent: int, _done: int) -> None:
    """Take progress and say nothing."""


def review_file(folder: Path, count: int) -> Path:
    file = folder / "reviews.csv"
    lines = [f"r{n},u{n % 17},p1,text {n},{n % 2}" for n in range(count)]
    file.write_text("\n".join(["review_id,user_id,product_id,text,label", *lines]), "utf-8")
    return file


def read_all(settings: Settings, topic: str, count: int) -> list[Message]:
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka.bootstrap_servers,
            "group.id": "test",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    messages: list[Message] = []
    try:
        while len(messages) < count:
            new = consumer.consume(count, timeout=10)
            assert new, f"{len(messages)} of {count} records"
            messages += new
    finally:
        consumer.close()
    return messages


def test_records_lie_where_java_would_put_them(with_topics: Settings, tmp_path: Path) -> None:
    plan = Plan(path=review_file(tmp_path, 500), recipe=Recipe(kind=REVIEWS), limit=300)
    assert replay(with_topics, plan, ignore) == 300
    messages = read_all(with_topics, with_topics.named_topics()["reviews"].name, 300)
    assert {json.loads(m.value() or b"")["review_id"] for m in messages} == {
        f"r{n}" for n in range(300)
    }
    for message in messages:
        wanted = (murmur2(message.key()) & 0x7FFFFFFF) % PARTITIONS
        assert message.partition() == wanted


def test_what_the_broker_refuses_is_counted(with_topics: Settings, tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    long = random.Random(7).randbytes(2_000_000).hex()  # it does not shrink when compressed
    file.write_text(f"short\n{long}\nshort\n", encoding="utf-8")
    with pytest.raises(DeliveryError, match=r"1 record was not taken .*too large"):
        replay(with_topics, Plan(path=file, recipe=Recipe(kind=QUERIES)), ignore)
    assert len(read_all(with_topics, with_topics.named_topics()["queries"].name, 2)) == 2


def test_missing_topics_are_named(settings: Settings, tmp_path: Path) -> None:
    plan = Plan(path=review_file(tmp_path, 1), recipe=Recipe(kind=REVIEWS))
    with pytest.raises(TopicsMissing, match="shopstreams topics create"):
        replay(settings, plan, ignore)


class FakeWorker:
    """Answers each review as the test says, `read_committed` readers in mind."""

    def __init__(self, settings: Settings, answer: Answer) -> None:
        topics = settings.named_topics()
        self._names = {spec.id: spec.name for spec in topics.specs}
        self._answer = answer
        servers = {"bootstrap.servers": settings.kafka.bootstrap_servers}
        self._consumer = Consumer(servers | {"group.id": "fake", "auto.offset.reset": "earliest"})
        source = self._names["reviews"]
        self._consumer.assign([TopicPartition(source, n, 0) for n in range(PARTITIONS)])
        self._producer = Producer(servers | {"transactional.id": uuid.uuid4().hex})
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> FakeWorker:
        self._producer.init_transactions(30)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def _work(self) -> None:
        while not self._stop.is_set():
            messages = self._consumer.consume(100, timeout=0.1)
            if messages:
                # What an aborted transaction wrote, no outcome is.
                self._write(messages, lambda _n: [("review-labels", {})])
                self._producer.abort_transaction()
                self._write(messages, self._answer)
                self._producer.commit_transaction()

    def _write(self, messages: list[Message], answer: Answer) -> None:
        self._producer.begin_transaction()
        for message in messages:
            number = int(json.loads(message.value() or b"")["review_id"][1:])
            place = f"{message.topic()}-{message.partition()}-{message.offset()}"
            for topic_id, value in answer(number):
                body = {"result_id": f"{place}-sentiment"} | value
                self._producer.produce(self._names[topic_id], value=json.dumps(body))


def wait_for(settings: Settings, folder: Path, answer: Answer, timeout_s: float) -> Report:
    recipe = Recipe(kind=REVIEWS, columns=Columns())
    plan = Plan(path=review_file(folder, 100), recipe=recipe)
    with FakeWorker(settings, answer):
        return replay_and_wait(settings, plan, timeout_s, ignore)


def label(positive: float) -> dict[str, Any]:
    return {"scores": {"negative": 0.9 - positive, "neutral": 0.1, "positive": positive}}


def test_waiting_ends_when_every_event_has_its_outcome(
    with_topics: Settings, tmp_path: Path
) -> None:
    def answer(number: int) -> list[tuple[str, dict[str, Any]]]:
        return [("review-labels", label(0.8 if number % 2 else 0.1))]

    report = wait_for(with_topics, tmp_path, answer, 60.0)
    assert (report.events, report.outcomes, report.missing) == (100, 100, 0)
    assert (report.duplicates, report.dead_letters, report.accuracy) == (0, 0, 1.0)
    assert report.events_per_s > 0


def test_missing_and_repeated_outcomes_and_dead_letters_are_counted(
    with_topics: Settings, tmp_path: Path
) -> None:
    def answer(number: int) -> list[tuple[str, dict[str, Any]]]:
        match number % 10:
            case 0:
                return []
            case 1:
                return [("review-labels", label(0.8))] * 3
            case 2:
                return [("dead-letters", {})]
            case _:
                return [("review-labels", label(0.8))]

    report = wait_for(with_topics, tmp_path, answer, 3.0)
    assert report.events == 100
    assert (report.outcomes, report.missing) == (90, 10)
    assert (report.duplicates, report.dead_letters) == (20, 10)
    # Of each ten, 1 and 3 to 9 have a result: 1, 3, 5, 7 and 9 are positive, as all are called.
    assert report.accuracy == round(5 / 8, 4)


def test_sources_with_unequal_partitions_are_refused(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = settings.named_topics()
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap_servers})
    orders = NewTopic(names["orders"].name, num_partitions=PARTITIONS + 2)
    for future in admin.create_topics([orders]).values():
        future.result()
    with pytest.raises(UnequalPartitions, match=f"--partitions {PARTITIONS + 2}"):
        asyncio.run(source_partitions(settings))
    differing = {report.name for report in check_topics(settings) if report.differences}
    sources = {names[topic_id].name for topic_id in ("reviews", "queries", "orders")}
    assert sources <= differing
    flags = ["--bootstrap-servers", settings.kafka.bootstrap_servers]
    flags += ["--config", str(tmp_path / "s.toml")]
    names_in_force = "".join(f'{id_} = "{name}"\n' for id_, name in settings.topics.items())
    (tmp_path / "s.toml").write_text(f"[topics]\n{names_in_force}", encoding="utf-8")
    assert run_command(app, ["topics", "check", *flags]) == 1
    assert "the sources differ in partitions" in capsys.readouterr().out


def test_topics_are_made_once_with_their_settings(settings: Settings) -> None:
    assert asyncio.run(source_partitions(settings)) == PARTITIONS
    assert not any(report.created for report in create_topics(settings))
    assert not any(report.differences for report in check_topics(settings))
