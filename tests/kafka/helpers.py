"""Short errands on a broker, each with a limit."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    AdminClient,
    NewTopic,
)

LIMIT_S = 30.0
POLL_S = 0.05


def unique(name: str) -> str:
    """Return a name that no other test uses."""
    return f"{name}-{uuid.uuid4().hex[:8]}"


def create_topics(
    bootstrap: str,
    names: Iterable[str],
    partitions: int = 4,
    config: Mapping[str, str] | None = None,
) -> None:
    """Make topics and wait until they are there."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    new = [NewTopic(name, partitions, 1, config=dict(config or {})) for name in names]
    asked = admin.create_topics(new)
    for made in asked.values():
        made.result(LIMIT_S)
    # The controller answers before the broker knows of them.
    until = time.monotonic() + LIMIT_S
    while missing := asked.keys() - admin.list_topics(timeout=LIMIT_S).topics.keys():
        if time.monotonic() > until:
            raise TimeoutError(f"not there after {LIMIT_S} s: {sorted(missing)}")
        time.sleep(POLL_S)


def read_all(
    bootstrap: str, topic: str, count: int, limit_s: float = LIMIT_S, partitions: int = 4
) -> list[Message]:
    """Return `count` committed records of a topic or a few more, or what came within the limit."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": unique("reader"),
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    found: list[Message] = []
    until = time.monotonic() + limit_s
    try:
        while len(found) < count and time.monotonic() < until:
            found += [one for one in consumer.consume(500, 0.2) if one.error() is None]
    finally:
        consumer.close()
    return found
