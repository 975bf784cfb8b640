"""The work that every system does to an event: parse, validate, "ask", build and encode.

Imports nothing but `schemas`: peers run it in environments of their own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from schemas.base import Language
from schemas.codec import Decoder, encode_result
from schemas.events import ReviewEvent
from schemas.results import ModelId, Outcome, ReviewLabels, Source, Timings

TASK: Final = "sentiment"
LABELS: Final = ("negative", "neutral", "positive")
ROW: Final = (0.25, 0.25, 0.5)
"""What the identity model answers to everything; exact in 32 bits."""
SCORES: Final = tuple(zip(LABELS, ROW, strict=True))

_MODEL: Final = ModelId(name="identity", hash="0" * 16)
_DECODER: Final = Decoder(ReviewEvent)


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A record whose event was read."""

    event: ReviewEvent
    source: Source
    started: float  # Unix seconds
    read: float  # Unix seconds


def label(
    event: ReviewEvent, scores: Sequence[tuple[str, float]] = SCORES, **envelope: Any
) -> ReviewLabels:
    """Return the event's result; `envelope` holds the fields that all results share."""
    best, score = max(scores, key=lambda one: one[1])
    return ReviewLabels(
        **envelope,
        outcome=Outcome.RESULT,
        review_id=event.review_id,
        user_id=event.user_id,
        product_id=event.product_id,
        language=Language.CHINESE,
        sentiment=best,
        score=score,
        scores=dict(scores),
    )


def begin(value: bytes, topic: str, partition: int, offset: int, timestamp_ms: int) -> Begun:
    """Return one record's event; raises `DecodeError`."""
    started = time.time()
    event = _DECODER.decode(value)
    source = Source(topic=topic, partition=partition, offset=offset, timestamp_ms=timestamp_ms)
    return Begun(event=event, source=source, started=started, read=time.time())


def end(begun: Begun, scores: Sequence[tuple[str, float]]) -> tuple[bytes, bytes]:
    """Return key and value of a record's result."""
    source, now = begun.source, time.time()
    sent = source.timestamp_ms / 1000
    result = label(
        begun.event,
        scores,
        result_id=f"{source.topic}-{source.partition}-{source.offset}-{TASK}",
        source=source,
        model=_MODEL,
        timings=Timings(
            wait_ms=round(max(0.0, begun.started - sent) * 1000, 3),
            decode_ms=round((begun.read - begun.started) * 1000, 3),
            queue_ms=0.0,
            compute_ms=round((now - begun.read) * 1000, 3),
            total_ms=round(max(0.0, now - sent) * 1000, 3),
        ),
        produced_at=datetime.fromtimestamp(now, UTC),
    )
    return begun.event.user_id.encode(), encode_result(result)


def handle(
    value: bytes, topic: str, partition: int, offset: int, timestamp_ms: int
) -> tuple[bytes, bytes]:
    """Return key and value of the identity model's result; raises `DecodeError`."""
    return end(begin(value, topic, partition, offset, timestamp_ms), SCORES)
