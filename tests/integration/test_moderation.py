"""Held, decided on, published once: over kills of the worker, on a real broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from schemas.events import ModerationDecision, Verdict
from schemas.topics import DEFAULT_TOPICS
from streams.cli.app import app
from streams.config import Settings, load_settings
from streams.decisions import applied, tell, waiting
from tests.chaos.process import Setup, Worker
from tests.kafka.helpers import create_topics, read_all, unique
from tests.waiting import wait_until

HELD = 400
KILLS = 3
LATE = 20
LIMIT_S = 60.0
PARTITIONS = 2
BY_KEY = -1

pytestmark = pytest.mark.timeout(300)


class Shop:
    """Topics, the worker and what people say."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.kafka = kafka
        group = unique("moderation")
        self.topics = {spec.id: f"{group}.{spec.name}" for spec in DEFAULT_TOPICS}
        create_topics(kafka, self.topics.values(), partitions=PARTITIONS)
        self.folder = folder
        setup = Setup(
            bootstrap=kafka,
            group=group,
            delivery="exactly_once",
            topics=self.topics,
            folder=folder,
            model=folder,
            seed=1,
            moderated=True,
            program="tests.integration.moderated_worker",
        )
        self.worker = Worker(setup, "worker")

    @property
    def settings(self) -> Settings:
        config = self.folder / "worker" / "shopstreams.toml"
        return load_settings(config=config, environ={}).settings

    def start(self) -> None:
        self.worker.start()
        assert self.worker.wait_until_ready(), self.worker.log_tail().decode()

    def send(self, topic_id: str, events: list[dict[str, Any]], partition: int = BY_KEY) -> None:
        producer = Producer(
            {"bootstrap.servers": self.kafka, "partitioner": "murmur2_random", "linger.ms": 0}
        )
        now = datetime.now(UTC)
        for event in events:
            value = orjson.dumps({**event, "created_at": now})
            producer.produce(
                self.topics[topic_id], key=event["user_id"], value=value, partition=partition
            )
        assert producer.flush(LIMIT_S) == 0

    def read(self, topic_id: str, count: int, limit_s: float = LIMIT_S) -> list[dict[str, Any]]:
        found = read_all(self.kafka, self.topics[topic_id], count, limit_s, PARTITIONS)
        return [orjson.loads(message.value() or b"") for message in found]


@pytest.fixture
def shop(kafka: str, tmp_path: Path) -> Iterator[Shop]:
    one = Shop(kafka, tmp_path)
    yield one
    one.worker.remove()


def reviews(start: int, count: int, text: str) -> list[dict[str, Any]]:
    return [
        {"review_id": f"r{n}", "user_id": f"u{n % 17}", "product_id": "p", "text": text}
        for n in range(start, start + count)
    ]


def decisions(ids: Iterable[str], verdict: str = "allow") -> list[dict[str, Any]]:
    return [
        {"review_id": one, "user_id": f"u{int(one[1:]) % 17}", "decision": verdict} for one in ids
    ]


def test_each_held_review_is_settled_once_over_kills(shop: Shop) -> None:
    shop.start()
    shop.send("reviews", reviews(0, HELD, "fine kettle, you pig"))
    decided: set[str] = set()
    for kill in range(1, KILLS + 1):
        # The worker dies while it settles some and still holds others.
        held = {one["review_id"] for one in shop.read("held-reviews", HELD * kill // (KILLS + 1))}
        shop.send("moderation-decisions", decisions(sorted(held - decided)))
        decided |= held
        shop.worker.kill()
        shop.start()
    held = {one["review_id"] for one in shop.read("held-reviews", HELD)}
    shop.send("moderation-decisions", decisions(sorted(held - decided)))
    shop.send("moderation-decisions", decisions([f"r{n}" for n in range(LATE)], "reject"))
    shop.send("moderation-decisions", decisions([f"r{n}" for n in range(10_000, 10_000 + LATE)]))
    told = shop.read("review-decisions", HELD + 2 * LATE)
    labels = shop.read("review-labels", 2 * HELD)
    assert shop.worker.terminate() == 0
    assert len({one["result_id"] for one in told}) == len(told)
    assert Counter(one["effect"] for one in told) == {
        "applied": HELD,
        "already_decided": LATE,
        "not_waiting": LATE,
    }
    by = Counter((one["review_id"], one["decided_by"]) for one in labels)
    assert by == {(f"r{n}", who): 1 for n in range(HELD) for who in ("model", "person")}
    ids = {one["result_id"]: one["review_id"] for one in labels if one["decided_by"] == "model"}
    settled = [one for one in labels if one["decided_by"] == "person"]
    assert all(ids[one["settles"]] == one["review_id"] for one in settled)


def test_from_the_list_of_what_waits_to_examples_to_train_with(shop: Shop) -> None:
    shop.start()
    # None of these authors' keys belongs there: a shop's producer may go by other rules.
    sent = reviews(0, 3, "you pig") + reviews(3, 1, "casino") + reviews(4, 1, "ok")
    shop.send("reviews", sent, partition=1)
    labels = {one["review_id"]: one for one in shop.read("review-labels", 5)}
    decided = [labels[f"r{n}"]["decision"] for n in range(5)]
    assert decided == ["hold", "hold", "hold", "reject", "allow"]
    since_ms = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000)
    found = waiting(shop.settings, since_ms, 10)
    assert {one.review_id for one in found} == {"r0", "r1", "r2"}
    for one, verdict in zip(found, (Verdict.ALLOW, Verdict.REJECT), strict=False):
        decision = ModerationDecision(
            review_id=one.review_id,
            user_id=one.user_id,
            held_id=one.result_id,
            decision=verdict,
            created_at=datetime.now(UTC),
        )
        tell(shop.settings, decision)
    wait_until(lambda: len(list(applied(shop.settings))) == 2, LIMIT_S)
    assert [one.review_id for one in waiting(shop.settings, since_ms, 10)] == [found[2].review_id]
    assert shop.worker.terminate() == 0
    file = shop.folder / "examples.jsonl"
    config = str(shop.folder / "worker" / "shopstreams.toml")
    done = CliRunner().invoke(app, ["decisions", "export", "--out", str(file), "--config", config])
    assert done.exit_code == 0, done.output
    lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert [(one["text"], one["labels"]) for one in sorted(lines, key=lambda x: x["labels"])] == [
        ("you pig", []),
        ("you pig", ["insult"]),
    ]
