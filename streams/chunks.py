"""What one fetch brought of one partition, and the codec that lets it pass through Faust."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from faust.serializers import codecs
from faust.types import TP

from streams.frontier import Taken

CHUNK_CODEC = "shopstreams-chunk"
MAX_CHUNK_RECORDS = 128
"""A chunk is worked on in one go and its outcomes leave together: small enough that neither the
loop nor the first outcome waits long for the last, large enough that the cost of a chunk is
little beside that of its records."""


class Record(Protocol):
    """A record as the client gives it; its partition is its chunk's."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Records of one partition that are worked on together."""

    tp: TP
    epoch: int  # of the partition's gate when the records were fetched
    # Ascending offsets, at least one; kept out of repr, which ends up in logs.
    records: Sequence[Record] = field(repr=False)
    first: int  # number of the first record in the partition's ledger; the others' follow

    def precedes(self, other: Chunk) -> bool:
        """Whether the other's numbers follow: the two could have been one chunk."""
        return other.first == self.first + len(self.records)


def record_size(record: Record) -> int:
    """Return the bytes of a record's key and value."""
    return len(record.key or b"") + len(record.value or b"")


def make_chunks(
    tp: TP,
    records: Sequence[Record],
    taken: Iterable[Taken],
    epoch: int,
    limit: int = MAX_CHUNK_RECORDS,
) -> Iterator[Chunk]:
    """Yield chunks of at most `limit` records, of those that the ledger took in."""
    for run in taken:
        for start in range(run.start, run.stop, limit):
            yield Chunk(
                tp=tp,
                epoch=epoch,
                records=records[start : min(start + limit, run.stop)],
                first=run.number + start - run.start,
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
