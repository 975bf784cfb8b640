"""The work that every system does to an event: parse, validate, "ask", build and encode.

Imports nothing but `schemas`: peers run it in environments of their own.
"""

from __future__ import annotations

import time
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

_MODEL: Final = ModelId(name="identity", hash="0" * 16)
_DECODER: Final = Decoder(ReviewEvent)


def label(event: ReviewEvent, **envelope: Any) -> ReviewLabels:
    """Return the event's result; `envelope` holds the fields that all results share."""
    return ReviewLabels(
        **envelope,
        outcome=Outcome.RESULT,
        review_id=event.review_id,
        user_id=event.user_id,
        product_id=event.product_id,
        language=Language.CHINESE,
        sentiment=LABELS[2],
        score=ROW[2],
        scores=dict(zip(LABELS, ROW, strict=True)),
    )


def handle(
    value: bytes, topic: str, partition: int, offset: int, timestamp_ms: int
) -> tuple[bytes, bytes]:
    """Return key and value of the result of one record; raises `DecodeError`."""
    started = time.time()
    event = _DECODER.decode(value)
    now = time.time()
    sent = timestamp_ms / 1000
    result = label(
        event,
        result_id=f"{topic}-{partition}-{offset}-{TASK}",
        source=Source(topic=topic, partition=partition, offset=offset, timestamp_ms=timestamp_ms),
        model=_MODEL,
        timings=Timings(
            wait_ms=round(max(0.0, started - sent) * 1000, 3),
            decode_ms=round((now - started) * 1000, 3),
            queue_ms=0.0,
            compute_ms=0.0,
            total_ms=round(max(0.0, now - sent) * 1000, 3),
        ),
        produced_at=datetime.fromtimestamp(now, UTC),
    )
    return event.user_id.encode(), encode_result(result)
