"""Doubles of what needs a broker, for the tests of this package and of tasks built on it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from faust.types import TP

from streams.chunks import Chunk, Record, make_chunks, record_size
from streams.errors import PublishError
from streams.frontier import Frontier
from streams.publisher import Publication


@dataclass(kw_only=True)
class MemoryRecord:
    """A record as the client would give it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class MemoryPublisher:
    """Keeps what is published; fails as often as it was told to."""

    def __init__(self) -> None:
        self.published: list[Publication] = []
        self.failures_to_come = 0

    async def publish(self, publications: Iterable[Publication]) -> dict[TP, int]:
        """Keep all, or raise `PublishError` and keep none."""
        if self.failures_to_come:
            self.failures_to_come -= 1
            raise PublishError("told to fail")
        self.published.extend(publications)
        last = len(self.published) - 1
        return {TP(p.topic, p.partition or 0): last for p in self.published}

    def values(self, topic: str) -> list[bytes]:
        """Return the values published to a topic, in order."""
        return [p.value for p in self.published if p.topic == topic and p.value is not None]


@dataclass(kw_only=True)
class MemoryPartition:
    """A partition that chunks are cut from."""

    topic: str
    partition: int = 0
    next_offset: int = 0
    records: list[Record] = field(default_factory=list)

    def append(self, values: Sequence[bytes | None], *, key: bytes | None = b"k") -> list[Record]:
        """Add a record for each value and return them."""
        added: list[Record] = []
        for value in values:
            added.append(
                MemoryRecord(
                    topic=self.topic,
                    partition=self.partition,
                    offset=self.next_offset,
                    timestamp=int(time.time() * 1000),
                    key=key,
                    value=value,
                )
            )
            self.next_offset += 1
        self.records.extend(added)
        return added

    def chunks(
        self,
        frontier: Frontier,
        values: Sequence[bytes | None],
        *,
        key: bytes | None = b"k",
    ) -> list[Chunk]:
        """Add records, let the frontier take them in and return them as chunks."""
        records = self.append(values, key=key)
        offsets = [record.offset for record in records]
        sizes = [record_size(record) for record in records]
        taken = frontier.take_in(frontier.epoch, offsets, sizes)
        return list(
            make_chunks(TP(self.topic, self.partition), records, taken or [], frontier.epoch)
        )
