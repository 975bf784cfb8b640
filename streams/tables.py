"""Faust tables whose writes leave with their chunk.

A stock table sends one changelog message a write and needs an agent's event around it. Here the
writes of what leaves together leave as one batch, last value a key, to the changelog partition
that equals the source's, with the outcomes (and in their transaction, where there is one). Until
the broker has them they lie in an `Overlay`; only then does the local store change. So a store
never holds what was rolled back, and a crash leaves it behind the changelog, never ahead of it.

One source writes a table, so that its changelog has the order of the source's partition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

import orjson
from faust.tables import Table
from faust.types import TP

from streams.publisher import Publication
from streams.retries import again
from streams.shelves import Entry, Json, Shelf, encode_value, room_for, shelf_of


class ChunkTable(Table[str, Json]):
    """A table that is written through `Changes`."""

    # As Faust's own, which is a Python function: each write asks for it some ten times.
    __hash__ = object.__hash__

    def on_key_set(self, key: str, value: Json) -> None:
        """Send nothing: the write leaves with its chunk."""

    def on_key_del(self, key: str) -> None:
        """Send nothing: the deletion leaves with its chunk."""

    @cached_property
    def _shelf(self) -> Shelf:
        return shelf_of(self.data)

    @cached_property
    def changelog_name(self) -> str:
        """Name of the changelog's topic; Faust looks it up each time."""
        return str(self.changelog_topic_name)

    def stored(self, key: str, partition: int) -> Json | None:
        """Return what the changelog's partition says of `key`, None if nothing."""
        return self._shelf.get(key, partition)

    def store(self, values: Mapping[str, Json], partition: int, offset: int) -> None:
        """Store values that the changelog's partition has up to `offset`."""
        self._shelf.put(values, self._changelog(partition), offset)

    def stored_values(self) -> Iterator[Json]:
        """Yield all values of the partitions that are ours; the table may change on the way."""
        return self._shelf.values()

    def restore(self, entries: Iterable[Entry], partition: int) -> None:
        """Store what was read from the changelog's partition."""
        self._shelf.load(entries, self._changelog(partition))

    def applied_offset(self, partition: int) -> int | None:
        """Return up to which offset of its changelog a partition is stored, None if not at all."""
        return self._shelf.applied_offset(self._changelog(partition))

    def forget(self, partition: int) -> None:
        """Remove what is stored of a partition."""
        self._shelf.forget(self._changelog(partition))

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],
        newly_assigned: set[TP],
        generation_id: int = 0,
    ) -> None:
        """Close and open stores; where the disk is too full to open one, wait for room."""

        async def turn() -> None:
            with room_for(self.data):
                await self.data.on_rebalance(assigned, revoked, newly_assigned, generation_id)

        await again(turn, self.name)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Let go of the partitions that are neither ours nor followed."""
        self._shelf.keep_only(active_tps | standby_tps)
        await self.call_recover_callbacks()

    def _changelog(self, partition: int) -> TP:
        return TP(self.changelog_name, partition)


Place = tuple[ChunkTable, str]
"""A key of a table."""
Writes = dict[Place, Json]
"""The last value by key; None deletes it."""


_NOTHING: Writes = {}
"""Shared by all events that wrote nothing; never written to."""


class Overlay:
    """The writes of one source partition that the broker has not confirmed yet."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self._latest: dict[Place, Writes] = {}  # where the last value of a key is

    def get(self, table: ChunkTable, key: str) -> Json | None:
        """Return the value as the partition's latest event left it."""
        place = (table, key)
        writes = self._latest.get(place)
        return table.stored(key, self.partition) if writes is None else writes[place]

    def is_pending(self, table: ChunkTable, key: str) -> bool:
        """Whether a write of the key is on its way to the broker."""
        return (table, key) in self._latest

    def add(self, places: Iterable[Place], writes: Writes) -> None:
        """Let later events see what an event's writes say of these places."""
        for place in places:
            self._latest[place] = writes

    def changelog(self, writes: Writes) -> Iterator[Publication]:
        """Yield a changelog record for each key written."""
        for (table, key), value in writes.items():
            yield Publication(
                topic=table.changelog_name,
                key=orjson.dumps(key),
                value=encode_value(value),
                partition=self.partition,
            )

    def settle(self, each: Collection[Writes], last_offsets: Mapping[TP, int]) -> None:
        """Move writes into the stores: the broker has them, up to the offsets named.

        `each` are the events' own, as `Changes.writes` has them: a later event's stay. Raises
        `StoreFull`; later events see the writes nevertheless, and settling again stores them.
        """
        by_table: dict[ChunkTable, dict[str, Json]] = defaultdict(dict)
        for writes in each:
            for (table, key), value in writes.items():
                by_table[table][key] = value
        for table, values in by_table.items():
            offset = last_offsets[TP(table.changelog_name, self.partition)]
            table.store(values, self.partition, offset)
        latest = self._latest
        for writes in each:
            for place in writes:
                if latest.get(place) is writes:
                    del latest[place]


class Changes:
    """What one event reads and writes; nothing of it counts until it is kept."""

    __slots__ = ("_draft", "overlay", "writes")

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        # Most events write little or nothing: a dictionary is made when the first write comes.
        self._draft: Writes = _NOTHING
        self.writes: Writes = _NOTHING  # what was kept

    def get(self, table: ChunkTable, key: str) -> Json | None:
        """Return the current value of `key`, None if there is none."""
        if self._draft:
            place = (table, key)
            if place in self._draft:
                return self._draft[place]
        return self.overlay.get(table, key)

    def put(self, table: ChunkTable, key: str, value: Json) -> None:
        """Write `value`, or delete the key with None."""
        if self._draft is _NOTHING:
            self._draft = {}
        self._draft[table, key] = value

    def keep(self) -> None:
        """Let the writes count: the event's code has run through."""
        draft = self._draft
        if not draft:
            return
        if not self.writes:
            self.writes = draft
        elif self.writes.keys().isdisjoint(draft):
            self.writes.update(draft)
        else:
            raise ValueError("a table is written by prepare or by decide, not by both")
        self.overlay.add(draft, self.writes)
        self._draft = _NOTHING

    def forget(self) -> None:
        """Drop the writes since the last `keep`: the event's code has failed."""
        self._draft = _NOTHING


def latest(each: Iterable[Writes]) -> Writes:
    """Return the last value by key."""
    merged: Writes = {}
    for writes in each:
        if writes:
            merged.update(writes)
    return merged
