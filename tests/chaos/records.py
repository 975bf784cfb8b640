"""What the harness saw on the broker: inputs, outcomes and what went into changelogs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

Place = tuple[int, int]
"""Partition and offset of an input."""

TABLES = ("seen", "labelled")
"""What the worker under test keeps: `seen` is written when an event comes, `labelled` when its
outcome leaves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One input record."""

    place: Place
    user: str  # the record's key
    number: int | None  # of the event among its user's, from 0; None where the record is no event
    review_id: str | None
    digest: str  # SHA-256 of the value
    round: int  # when it was seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One result or dead letter."""

    place: Place  # of its input, as it says itself
    result_id: str
    is_letter: bool
    mark: str  # what ties it to the input's content: a result's review, a letter's digest
    count: int | None  # a result's: events of the user, its own among them, as `seen` told
    target: int  # partition that it lies in
    round: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """One record of a changelog."""

    table: str
    user: str
    count: int
    last: int  # number of the user's last event
    round: int


def sent(place: Place, key: bytes, value: bytes, round_number: int) -> Sent:
    """Return an input as the feeder made it."""
    event = _object(value)
    return Sent(
        place=place,
        user=key.decode(),
        number=int(event["text"].split(" ", 1)[0]) if event else None,
        review_id=event["review_id"] if event else None,
        digest=hashlib.sha256(value).hexdigest(),
        round=round_number,
    )


def result(value: bytes, target: int, round_number: int) -> Outcome:
    """Return a record of the results' topic."""
    read = orjson.loads(value)
    source = read["source"]
    return Outcome(
        place=(source["partition"], source["offset"]),
        result_id=read["result_id"],
        is_letter=False,
        mark=read["review_id"],
        count=int(read["sentiment"]),
        target=target,
        round=round_number,
    )


def letter(value: bytes, target: int, round_number: int) -> Outcome:
    """Return a record of the dead letters' topic."""
    read = orjson.loads(value)
    source = read["source"]
    return Outcome(
        place=(source["partition"], source["offset"]),
        result_id=read["result_id"],
        is_letter=True,
        mark=read["value_sha256"],
        count=None,
        target=target,
        round=round_number,
    )


def write(table: str, key: bytes, value: bytes, round_number: int) -> Write:
    """Return a record of a changelog."""
    stored = orjson.loads(value)
    return Write(
        table=table,
        user=orjson.loads(key),
        count=stored["count"],
        last=stored["last"],
        round=round_number,
    )


def _object(value: bytes) -> dict[str, Any] | None:
    try:
        read = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return read if isinstance(read, dict) and "review_id" in read else None
