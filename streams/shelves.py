"""Where a table's entries lie: Faust's stores, reached without the event that they expect.

Faust's stores take the partition of a write from the event that an agent works on. A pipeline
knows its partition, so it names it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import orjson
from faust.stores.base import SerializedStore
from faust.types import TP

Json = Any
"""What a table holds: JSON values; None is the absence of one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A changelog record: a key's latest value, both as bytes."""

    key: bytes
    value: bytes | None
    offset: int


class Shelf(Protocol):
    """Entries of one table, by partition of its changelog."""

    def get(self, key: str, partition: int) -> Json | None:
        """Return the value of `key`, None if there is none."""
        ...

    def put(self, values: Iterable[tuple[str, Json]], changelog: TP, offset: int) -> None:
        """Store what the changelog has up to `offset`."""
        ...

    def load(self, entries: Iterable[Entry], changelog: TP) -> None:
        """Store what was read from the changelog, in its order."""
        ...

    def applied_offset(self, changelog: TP) -> int | None:
        """Return the offset of the last entry stored, None if nothing is."""
        ...

    def forget(self, changelog: TP) -> None:
        """Remove all entries of a partition."""
        ...

    def keep_only(self, changelogs: Iterable[TP]) -> None:
        """Remove the entries of all other partitions, where they cost memory."""
        ...


class MemoryShelf:
    """On a dictionary, Faust's `memory://` store."""

    def __init__(self, store: Any) -> None:
        self._data: dict[str, Json] = store.data
        # The store drops the keys of partitions that went by this index.
        self._partitions: dict[str, int] = store._key_partition
        self._applied: dict[int, int] = {}

    def get(self, key: str, partition: int) -> Json | None:
        """Return the value of `key`, None if there is none."""
        return self._data.get(key)

    def put(self, values: Iterable[tuple[str, Json]], changelog: TP, offset: int) -> None:
        """Store what the changelog has; a restart reads all of it again."""
        for key, value in values:
            self._put(key, value, changelog.partition)
        self._applied[changelog.partition] = offset

    def load(self, entries: Iterable[Entry], changelog: TP) -> None:
        """Store what was read from the changelog, in its order."""
        loads = orjson.loads
        for entry in entries:
            value = None if entry.value is None else loads(entry.value)
            self._put(loads(entry.key), value, changelog.partition)
            self._applied[changelog.partition] = entry.offset

    def applied_offset(self, changelog: TP) -> int | None:
        """Return the offset of the last entry stored, None if nothing is."""
        return self._applied.get(changelog.partition)

    def forget(self, changelog: TP) -> None:
        """Remove all entries of a partition."""
        self._applied.pop(changelog.partition, None)
        gone = [key for key, owner in self._partitions.items() if owner == changelog.partition]
        for key in gone:
            del self._data[key], self._partitions[key]

    def keep_only(self, changelogs: Iterable[TP]) -> None:
        """Remove the entries of all other partitions."""
        kept = {tp.partition for tp in changelogs}
        for partition in set(self._applied) - kept:
            self.forget(TP("", partition))

    def _put(self, key: str, value: Json, partition: int) -> None:
        if value is None:
            self._data.pop(key, None)
            self._partitions.pop(key, None)
        else:
            self._data[key] = value
            self._partitions[key] = partition


@dataclass(frozen=True, slots=True)
class _Message:
    tp: TP
    key: bytes
    value: bytes | None
    offset: int

    @property
    def partition(self) -> int:
        return int(self.tp.partition)


@dataclass(frozen=True, slots=True)
class _Event:
    """What `apply_changelog_batch` of a store reads of Faust's events."""

    message: _Message


class SerializedShelf:
    """On a store that holds bytes: Faust's `rocksdb://`."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: str, partition: int) -> Json | None:
        """Return the value of `key`, None if there is none."""
        value = self._store._db_for_partition(partition).get(orjson.dumps(key))
        return None if value is None else orjson.loads(value)

    def put(self, values: Iterable[tuple[str, Json]], changelog: TP, offset: int) -> None:
        """Store what the changelog has; a restart reads on from `offset`."""
        entries = (Entry(orjson.dumps(key), encode_value(value), offset) for key, value in values)
        self.load(entries, changelog)

    def load(self, entries: Iterable[Entry], changelog: TP) -> None:
        """Store what was read from the changelog, in its order."""
        events = [_Event(_Message(changelog, e.key, e.value, e.offset)) for e in entries]
        self._store.apply_changelog_batch(events, to_key=_unused, to_value=_unused)

    def applied_offset(self, changelog: TP) -> int | None:
        """Return the offset of the last entry stored, None if nothing is."""
        offset: int | None = self._store.persisted_offset(changelog)
        return offset

    def forget(self, changelog: TP) -> None:
        """Remove all entries of a partition, and its folder."""
        store, partition = self._store, changelog.partition
        database = store._dbs.pop(partition, None)
        if database is not None:
            database.close()
        shutil.rmtree(store.partition_path(partition), ignore_errors=True)

    def keep_only(self, changelogs: Iterable[TP]) -> None:
        """Do nothing: what lies on disk saves a later owner the reading."""


def encode_value(value: Json) -> bytes | None:
    """Return a value as the changelog carries it; None deletes."""
    return None if value is None else orjson.dumps(value)


def shelf_of(store: object) -> Shelf:
    """Return the shelf for one of Faust's stores."""
    return SerializedShelf(store) if isinstance(store, SerializedStore) else MemoryShelf(store)


_unused = cast(Callable[[Any], Any], None)  # a store of bytes converts nothing
