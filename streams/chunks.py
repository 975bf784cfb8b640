"""What one fetch brought of one partition, and the codec that lets it pass through Faust."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from faust.serializers import codecs

from streams.frontier import Span

CHUNK_CODEC = "shopstreams-chunk"
MAX_CHUNK_RECORDS = 64
"""A chunk is worked on in one go and its outcomes leave together: small enough that neither the
loop nor the first outcome waits long for the last, large enough that the cost of a chunk is
little beside that of its records."""


class Record(Protocol):
    """A record as the client gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Records of one partition that are worked on and released together."""

    topic: str  # as the broker calls it
    partition: int
    epoch: int  # of the partition's gate when the records were fetched
    # Ascending offsets, at least one; kept out of repr, which ends up in logs.
    records: tuple[Record, ...] = field(repr=False)
    span: Span  # their place in the ledger


def split(records: Sequence[Record], limit: int = MAX_CHUNK_RECORDS) -> Iterator[Sequence[Record]]:
    """Yield `records` in runs of at most `limit`."""
    for start in range(0, len(records), limit):
        yield records[start : start + limit]


def make_chunk(records: Sequence[Record], epoch: int) -> Chunk:
    """Return a chunk of `records`, which must not be empty."""
    first = records[0]
    return Chunk(
        topic=first.topic,
        partition=first.partition,
        epoch=epoch,
        records=tuple(records),
        span=Span(
            first=first.offset,
            last=records[-1].offset,
            records=len(records),
            size=sum(len(r.key or b"") + len(r.value or b"") for r in records),
        ),
    )


class _PassThrough(codecs.Codec):
    """Leaves the value as it is: a chunk is no bytes."""

    def _loads(self, s: Any) -> Any:
        return s

    def _dumps(self, s: Any) -> Any:
        return s


def register_codec() -> None:
    """Make `CHUNK_CODEC` known to Faust; harmless when repeated."""
    codecs.register(CHUNK_CODEC, _PassThrough())
