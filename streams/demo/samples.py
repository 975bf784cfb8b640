"""The sample shop: what it sells and knows, and one round of what its customers do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import orjson

from streams.replay.events import KINDS, Record

REFERENCES: Final = ("catalogue", "knowledge")
SOURCES: Final = ("reviews", "queries", "orders")

_OWN_IDS: Final = ("review_id", "query_id", "session_id", "order_id")
"""Ids that are new in each round; customers and products come back."""
_TIMES: Final = ("created_at", "eta")

Fields = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One event of the round: fields, or the bytes of a broken record."""

    topic_id: str
    place: float  # in the round, 0 to 1
    fields: Fields | None = None
    key: str | None = None
    value: bytes | None = b""  # None is a record without a value

    def record(self, turn: int, now: datetime) -> Record:
        """Return the record of this round, with new ids and times of now."""
        if self.fields is None:
            key = None if self.key is None else self.key.encode()
            return Record(key=key, value=self.value)
        fields = _renewed(self.fields, turn, now)
        return _record(self.topic_id, fields)


def reference_records(topic_id: str) -> Iterator[Record]:
    """Yield the catalogue's or the knowledge base's records."""
    for fields in _load(topic_id):
        yield _record(topic_id, fields)


def round_of_samples() -> list[Sample]:
    """Return one round, all kinds spread evenly over it, broken records among them."""
    samples = [*_broken()]
    for topic_id in SOURCES:
        rows = _load(topic_id)
        samples += [
            Sample(topic_id=topic_id, place=_spread(i, len(rows)), fields=fields)
            for i, fields in enumerate(rows)
        ]
    return sorted(_after_their_orders(samples), key=lambda sample: sample.place)


def _after_their_orders(samples: list[Sample]) -> Iterator[Sample]:
    """Yield the samples, a message about an order moved behind that order's first event."""
    placed: dict[Any, float] = {}
    for sample in samples:
        if sample.topic_id == "orders" and sample.fields:
            placed.setdefault(sample.fields.get("order_id"), sample.place)
    for sample in samples:
        order_id = (sample.fields or {}).get("order_id")
        if sample.topic_id == "queries" and placed.get(order_id, 0.0) >= sample.place:
            place = min(placed[order_id] + 0.02, 1.0)
            yield Sample(topic_id="queries", place=place, fields=sample.fields)
        else:
            yield sample


BROKEN_WITHIN = 0.08
"""Share of the round in which all broken records come: a demo of 20 seconds shows them all."""


def _broken() -> Iterator[Sample]:
    rows = [row for row in _load("broken") if row["topic"] in SOURCES]
    for i, row in enumerate(rows):
        yield Sample(
            topic_id=str(row["topic"]),
            place=_spread(i, len(rows)) * BROKEN_WITHIN,
            key=row.get("key"),
            value=None if row["value_base64"] is None else base64.b64decode(row["value_base64"]),
        )


def _spread(index: int, count: int) -> float:
    return (index + 0.5) / count


def _load(name: str) -> list[Fields]:
    data = files("streams.demo").joinpath("data", f"{name}.jsonl").read_bytes()
    return [orjson.loads(line) for line in data.splitlines() if line.strip()]


def _renewed(fields: Fields, turn: int, now: datetime) -> Fields:
    renewed = dict(fields)
    for name in _OWN_IDS:
        if turn and isinstance(renewed.get(name), str):
            renewed[name] = f"{renewed[name]}-{turn + 1}"
    created = _time(fields.get("created_at"))
    for name in _TIMES:
        if (moment := _time(fields.get(name))) is not None:
            # What was to come two days after the order comes two days after it now.
            renewed[name] = (now + (moment - (created or moment))).isoformat()
    return renewed | {"created_at": now.isoformat()}


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _record(topic_id: str, fields: Fields) -> Record:
    keys = (fields[name] for name in KINDS[topic_id].keys if fields.get(name))
    key = next(keys, None)
    return Record(key=None if key is None else str(key).encode(), value=orjson.dumps(fields))
