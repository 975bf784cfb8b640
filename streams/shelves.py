"""Where a table's entries lie: Faust's stores, reached without the event that they expect.

Faust's stores take the partition of a write from the event that an agent works on. A pipeline
knows its partition, so it names it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from faust.stores.base import SerializedStore
from faust.types import TP
from rocksdict import WriteBatch

from streams.errors import StoreFull

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

    def values(self) -> Iterator[Json]:
        """Yield all values; the shelf may change on the way."""
        ...

    def put(self, values: Mapping[str, Json], changelog: TP, offset: int) -> None:
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

    def values(self) -> Iterator[Json]:
        """Yield all values."""
        return iter(list(self._data.values()))

    def put(self, values: Mapping[str, Json], changelog: TP, offset: int) -> None:
        """Store what the changelog has; a restart reads all of it again."""
        self._put(values.items(), changelog.partition)
        self._applied[changelog.partition] = offset

    def load(self, entries: Iterable[Entry], changelog: TP) -> None:
        """Store what was read from the changelog, in its order."""
        loads = orjson.loads
        pairs = []
        for entry in entries:
            value = entry.value
            pairs.append((loads(entry.key), None if value is None else loads(value)))
            self._applied[changelog.partition] = entry.offset
        self._put(pairs, changelog.partition)

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

    def _put(self, values: Iterable[tuple[str, Json]], partition: int) -> None:
        data, partitions = self._data, self._partitions
        for key, value in values:
            if value is None:
                data.pop(key, None)
                partitions.pop(key, None)
            else:
                data[key] = value
                partitions[key] = partition


_NO_SPACE: Final = os.strerror(errno.ENOSPC)
ROOM_MIB: Final = 64
"""Free space with which RocksDB takes writes again, by itself, after a disk was full."""


class SerializedShelf:
    """On a store that holds bytes: Faust's `rocksdb://`."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: str, partition: int) -> Json | None:
        """Return the value of `key`, None if there is none."""
        value = self._store._db_for_partition(partition).get(orjson.dumps(key))
        return None if value is None else orjson.loads(value)

    def values(self) -> Iterator[Json]:
        """Yield all values of the partitions that are assigned, not of those only followed."""
        for database in list(self._store._dbs_for_actives()):
            yield from map(orjson.loads, self._store._visible_values(database))

    def put(self, values: Mapping[str, Json], changelog: TP, offset: int) -> None:
        """Store what the changelog has; a restart reads on from `offset`."""
        dumps = orjson.dumps
        entries = ((dumps(key), encode_value(value)) for key, value in values.items())
        self._write(entries, changelog.partition, offset)

    def load(self, entries: Iterable[Entry], changelog: TP) -> None:
        """Store what was read from the changelog, in its order."""
        entries = list(entries)
        if entries:
            pairs = ((entry.key, entry.value) for entry in entries)
            self._write(pairs, changelog.partition, entries[-1].offset)

    def _write(
        self, entries: Iterable[tuple[bytes, bytes | None]], partition: int, offset: int
    ) -> None:
        """Write all or nothing, the offset included: Faust's own batch leaves that to a second."""
        batch = WriteBatch(raw_mode=True)
        for key, value in entries:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(self._store.offset_key, b"%d" % offset)
        with room_for(self._store):
            self._store._db_for_partition(partition).write(batch)

    def applied_offset(self, changelog: TP) -> int | None:
        """Return the offset of the last entry stored, None if nothing is."""
        with room_for(self._store):  # it may have to open the files, which writes some
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


@contextlib.contextmanager
def room_for(store: Any) -> Iterator[None]:
    """Raise `StoreFull` where what is done with one of Faust's stores finds the disk full."""
    try:
        yield
    except Exception as error:  # RocksDB's have no type of their own
        if _NO_SPACE not in str(error):
            raise
        raise StoreFull(
            f"{_NO_SPACE.lower()} for tables in {store.path}: make room in engine.state_dir; "
            f"RocksDB comes back once some {ROOM_MIB} MiB are free"
        ) from error


def encode_value(value: Json) -> bytes | None:
    """Return a value as the changelog carries it; None deletes."""
    return None if value is None else orjson.dumps(value)


def shelf_of(store: object) -> Shelf:
    """Return the shelf for one of Faust's stores."""
    return SerializedShelf(store) if isinstance(store, SerializedStore) else MemoryShelf(store)
