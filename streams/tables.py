"""Faust tables whose writes leave with their chunk.

A stock table sends one changelog message a write and needs an agent's event around it. Here a
chunk's writes change the local store at once and are collected in a `Changes`; they leave as one
batch, last value a key, to the changelog partition that equals the source's, with the chunk's
outcomes. Recovery, standbys and the choice of a store stay Faust's.

With at-least-once delivery a chunk may be worked on again after a crash: what is written to a
table must then give the same as the first time (`inference.tasks.facts` does).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from faust.tables import Table

from streams.publisher import Publication

Json = Any
"""What a table holds: JSON values."""


class ChunkTable(Table[str, Json]):
    """A table that is written through `Changes` and read as it is."""

    def on_key_set(self, key: str, value: Json) -> None:
        """Send nothing: the write leaves with its chunk."""

    def on_key_del(self, key: str) -> None:
        """Send nothing: the deletion leaves with its chunk."""

    def keep(self, key: str, value: Json, partition: int) -> None:
        """Store a value that belongs to `partition`."""
        self.data[key] = value
        # The memory store drops a revoked partition's keys by this index, which it fills only
        # in recovery.
        owners = getattr(self.data, "_key_partition", None)
        if owners is not None:
            owners[key] = partition


class Changes:
    """The writes of one chunk to tables."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._last: dict[tuple[ChunkTable, str], Json] = {}

    def get(self, table: ChunkTable, key: str) -> Json | None:
        """Return the current value of `key`."""
        return table.data.get(key)

    def put(self, table: ChunkTable, key: str, value: Json) -> None:
        """Write `value`, visible at once to the events that follow."""
        table.keep(key, value, self._partition)
        self._last[table, key] = value

    def publications(self) -> Iterator[Publication]:
        """Yield a changelog record for each key written."""
        for (table, key), value in self._last.items():
            yield Publication(
                topic=table.changelog_topic_name,
                key=orjson.dumps(key),
                value=orjson.dumps(value),
                partition=self._partition,
            )
