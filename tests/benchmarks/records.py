"""The events of all benchmarks: real reviews as JSON, repeated, keyed by their author."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Final

import orjson
from confluent_kafka import Producer

from schemas.base import SCHEMA_VERSION

FILE: Final = "online_shopping_10_cats.csv"
SAMPLES: Final = Path(__file__).parents[2] / "streams/demo/data/reviews.jsonl"
USERS: Final = 20_000
FLUSH_LIMIT_S: Final = 120.0
PRODUCTS: Final = 1_000
DATE: Final = "2026-11-01T12:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Reviews:
    """Texts to make events of."""

    name: str  # of the set, for the report
    texts: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path | None) -> Reviews:
        """Read the set in `folder`; without one, the demo's few reviews."""
        if folder is None:
            lines = SAMPLES.read_text(encoding="utf-8").splitlines()
            return cls(name="demo reviews", texts=tuple(json.loads(line)["text"] for line in lines))
        with (folder / FILE).open(encoding="utf-8-sig", newline="") as file:
            texts = (row["review"] for row in csv.DictReader(file))
            return cls(name=FILE, texts=tuple(text for text in texts if text.strip("\0 \ufeff")))

    def events(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values of that many events."""
        yield from map(self.event, range(number))

    def event(self, number: int, review_id: str | None = None) -> tuple[bytes, bytes]:
        """Return key and value of one event."""
        user = f"user-{number % USERS:05}"
        event = {
            "schema_version": SCHEMA_VERSION,
            "review_id": review_id or f"review-{number}",
            "user_id": user,
            "product_id": f"product-{number % PRODUCTS}",
            "text": self.texts[number % len(self.texts)],
            "rating": None,
            "language": None,
            "created_at": DATE,
        }
        return user.encode(), orjson.dumps(event)


def producer(bootstrap: str, **options: object) -> Producer:
    """Return a producer fit for feeding: large batches, a large queue, Kafka's own partitioner."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "log_level": 0,  # that the broker ends before its client is meant
            "linger.ms": 20,
            "batch.size": 1_000_000,
            "compression.type": "none",
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 1_000_000,
            "partitioner": "murmur2_random",
            **options,
        }
    )


def feed(
    client: Producer,
    topic: str,
    records: Iterator[tuple[bytes, bytes]],
    traced_every: int = 0,
) -> None:
    """Write all records and wait until the broker has them; raises `TimeoutError`.

    One in so many carries a sampled trace of its own; with 0, none does.
    """
    numbers = count(1)
    while chunk := list(islice(records, 10_000)):
        for key, value in chunk:
            number = next(numbers)
            traced = bool(traced_every) and number % traced_every == 0
            parent = f"00-{number:032x}-{number:016x}-01"
            headers: dict[str, str | bytes | None] = {"traceparent": parent} if traced else {}
            while True:
                try:
                    client.produce(topic, value=value, key=key, headers=headers)
                    break
                except BufferError:
                    client.poll(0.1)
        client.poll(0)
    if client.flush(FLUSH_LIMIT_S):
        raise TimeoutError(f"{topic} was not filled within {FLUSH_LIMIT_S} s")
