"""From decisions to records: envelopes of results, dead letters.

Results and what they are made from are plain, not frozen, dataclasses: freezing one costs a
microsecond a record, and nobody changes them.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from faust.types import TP

from inference.messages import ModelInfo
from schemas.letters import MAX_BESIDE_BYTES, CarriedHeader, DeadLetter, beside_bytes, carry
from schemas.results import Envelope as Result
from schemas.results import ModelId, Source, Timings
from streams.chunks import Record

_MILLISECONDS = 1000
_MICROSECONDS = 1_000_000


@dataclass(kw_only=True, slots=True)
class Outgoing:
    """One outcome on its way out."""

    topic_id: str  # of `schemas.topics`
    key: str  # of the outcome's record
    message: Result
    beside: Sequence[Outgoing] = ()  # for other readers; it leaves with the outcome or not at all


@dataclass(kw_only=True, slots=True)
class Stamp:
    """When a chunk went through which stage; Unix seconds and milliseconds."""

    started_at: float  # work on the chunk began
    decode_ms: float = 0.0  # decoding the chunk and looking up state
    sent_ms: Any = None  # Kafka's timestamps of its records, where somebody looks at them
    span: Any = None  # the chunk's, where it is traced


@dataclass(slots=True)
class Moment:
    """When outcomes leave that leave together."""

    seconds: float = field(default_factory=time.time)  # Unix
    at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.at = datetime.fromtimestamp(self.seconds, UTC)


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
        """Return the fields by name, for a result's constructor."""
        return self._fields


class Sealer:
    """Makes what says where outcomes of one partition and task come from."""

    def __init__(self, tp: TP, task: str) -> None:
        self._topic = tp.topic
        self._partition = tp.partition
        self._task = task
        self._place = f"{tp.topic}-{tp.partition}-"
        self._suffix = f"-{task}"

    def result_id(self, offset: int) -> str:
        """Return the outcome's id: the same for a repeat of the same record."""
        return f"{self._place}{offset}{self._suffix}"

    def envelope(
        self,
        record: Record,
        stamp: Stamp,
        moment: Moment,
        model: ModelId | None,
        queue_ms: float = 0.0,
        compute_ms: float = 0.0,
    ) -> Envelope:
        """Return the envelope of the record's outcome, which leaves at `moment`."""
        sent_at = record.timestamp / _MILLISECONDS if record.timestamp >= 0 else stamp.started_at
        wait_us = int((stamp.started_at - sent_at) * _MICROSECONDS)
        total_us = int((moment.seconds - sent_at) * _MICROSECONDS)
        return Envelope(
            {
                "result_id": f"{self._place}{record.offset}{self._suffix}",
                "source": self._source(record),
                "model": model,
                # A producer's clock may run ahead of ours; a duration is never negative. Whole
                # microseconds: `round` with digits takes three times as long.
                "timings": Timings(
                    wait_ms=wait_us / _MILLISECONDS if wait_us > 0 else 0.0,
                    decode_ms=stamp.decode_ms,
                    queue_ms=queue_ms,
                    compute_ms=compute_ms,
                    total_ms=total_us / _MILLISECONDS if total_us > 0 else 0.0,
                ),
                "produced_at": moment.at,
            }
        )

    def dead_letter(
        self, record: Record, *, code: str, reason: str, detail: str | None = None
    ) -> DeadLetter:
        """Return the record as a dead letter, with its place, and whole unless it is too large."""
        value, size, digest = carry(record.value)
        beside = beside_bytes(record.key, record.headers)
        fits = beside <= MAX_BESIDE_BYTES
        return DeadLetter(
            result_id=self.result_id(record.offset),
            task=self._task,
            source=self._source(record),
            code=code,
            reason=reason,
            detail=detail,
            key=_base64(record.key) if fits else None,
            value=value,
            value_bytes=size,
            value_sha256=digest,
            headers=_carried(record.headers) if fits else (),
            left_out_bytes=0 if fits else beside,
            produced_at=datetime.now(UTC),
        )

    def _source(self, record: Record) -> Source:
        return Source(
            topic=self._topic,
            partition=self._partition,
            offset=record.offset,
            timestamp_ms=record.timestamp,
        )


def model_id(model: ModelInfo) -> ModelId:
    """Return how results name the model."""
    return ModelId(name=model.name, hash=model.hash)


def _carried(headers: Iterable[tuple[str, bytes]]) -> tuple[CarriedHeader, ...]:
    return tuple(CarriedHeader(name=name, value=_base64(value)) for name, value in headers)


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode("ascii")
