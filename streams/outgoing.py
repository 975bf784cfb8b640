"""From decisions to records: envelopes of results, dead letters."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from inference.messages import ModelInfo
from schemas.base import Message
from schemas.letters import CarriedHeader, DeadLetter, carry
from schemas.results import ModelId, Source
from streams.chunks import Record

_MILLISECONDS = 1000
_DIGITS = 3  # microseconds
_MODELS = 64
"""Models that are in use at one time, with room to spare."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One outcome on its way out."""

    topic_id: str  # of `schemas.topics`
    key: str  # of the outcome's record
    message: Message


@dataclass(kw_only=True)
class Stamp:
    """When a chunk went through which stage; Unix seconds and milliseconds."""

    started_at: float  # work on the chunk began
    decode_ms: float = 0.0  # decoding the chunk and looking up state


class Envelope:
    """The fields that every result shares; see `schemas.results.Envelope`."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    @property
    def result_id(self) -> str:
        """The outcome's id."""
        return str(self._fields["result_id"])

    def fields(self) -> dict[str, Any]:
        """Return the fields by name, for a result model's constructor, which validates them."""
        return self._fields


def source_of(record: Record) -> Source:
    """Return the record's place."""
    return Source(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
    )


def result_id(record: Record, task: str) -> str:
    """Return the outcome's id: the same for a repeat of the same record."""
    return f"{record.topic}-{record.partition}-{record.offset}-{task}"


def envelope(
    record: Record,
    task: str,
    stamp: Stamp,
    *,
    model: ModelInfo | None = None,
    queue_ms: float = 0.0,
    compute_ms: float = 0.0,
) -> Envelope:
    """Return the envelope of the record's outcome, made now."""
    now = time.time()
    sent_at = record.timestamp / _MILLISECONDS if record.timestamp >= 0 else stamp.started_at
    return Envelope(
        {
            "result_id": result_id(record, task),
            "source": {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp_ms": record.timestamp,
            },
            "model": None if model is None else _model_id(model),
            "timings": {
                "wait_ms": _ms(stamp.started_at - sent_at),
                "decode_ms": stamp.decode_ms,
                "queue_ms": queue_ms,
                "compute_ms": compute_ms,
                "total_ms": _ms(now - sent_at),
            },
            "produced_at": datetime.fromtimestamp(now, UTC),
        }
    )


def dead_letter(
    record: Record,
    task: str,
    *,
    code: str,
    reason: str,
    detail: str | None = None,
    attempts: int = 1,
) -> DeadLetter:
    """Return the record as a dead letter, whole, with its place."""
    value, size, digest = carry(record.value)
    return DeadLetter(
        result_id=result_id(record, task),
        task=task,
        source=source_of(record),
        code=code,
        reason=reason,
        detail=detail,
        attempts=attempts,
        key=_base64(record.key),
        value=value,
        value_bytes=size,
        value_sha256=digest,
        headers=tuple(CarriedHeader(name=n, value=_base64(v)) for n, v in record.headers),
        produced_at=datetime.now(UTC),
    )


@lru_cache(maxsize=_MODELS)
def _model_id(model: ModelInfo) -> ModelId:
    return ModelId(name=model.name, hash=model.hash)


def _ms(seconds: float) -> float:
    # A producer's clock may run ahead of ours; a duration is never negative.
    return round(seconds * _MILLISECONDS, _DIGITS) if seconds > 0 else 0.0


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode("ascii")
