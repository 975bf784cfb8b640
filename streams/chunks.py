"""What one fetch brought of one partition, and the codec that lets it pass through Faust."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from faust.serializers import codecs

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
    """Records of one partition that are worked on together."""

    topic: str  # as the broker calls it
    partition: int
    epoch: int  # of the partition's gate when the records were fetched
    # Ascending offsets, at least one; kept out of repr, which ends up in logs.
    records: tuple[Record, ...] = field(repr=False)
    numbers: tuple[int, ...] = field(repr=False)  # theirs in the partition's ledger

    @property
    def size(self) -> int:
        """Bytes of the keys and values."""
        return sum(map(record_size, self.records))


def record_size(record: Record) -> int:
    """Return the bytes of a record's key and value."""
    return len(record.key or b"") + len(record.value or b"")


def make_chunks(
    records: Sequence[Record],
    numbers: Sequence[int | None],
    epoch: int,
    limit: int = MAX_CHUNK_RECORDS,
) -> Iterator[Chunk]:
    """Yield chunks of at most `limit` records, of those that have a number in the ledger."""
    new = [pair for pair in zip(records, numbers, strict=True) if pair[1] is not None]
    for start in range(0, len(new), limit):
        run = new[start : start + limit]
        yield Chunk(
            topic=run[0][0].topic,
            partition=run[0][0].partition,
            epoch=epoch,
            records=tuple(record for record, _ in run),
            numbers=tuple(number for _, number in run if number is not None),
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
