"""Shelves whose keys can be asked for by their beginnings, for tables that shed their oldest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Protocol

import orjson
from faust.stores.base import SerializedStore
from faust.types import TP

from streams.shelves import Json, MemoryShelf, SerializedShelf, Shelf

PREFIX_LENGTH = 13
"""Characters by which keys are in order: milliseconds since 1970, until the year 2286."""
PAGE = 256
"""Keys read from a file at once, while nothing else runs."""
_QUOTE = b'"'


class OrderedShelf(Shelf, Protocol):
    """Entries of one table, in order."""

    def ascending(self, changelog: TP) -> Iterator[str]:
        """Yield the keys of a partition by their first characters, lowest first.

        The shelf may change on the way; what comes in behind may be left out.
        """
        ...


class OrderedMemoryShelf(MemoryShelf):
    """On a dictionary, with an index beside it."""

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        # Per partition, by prefix: the keys, as those of a dictionary, which keep their order.
        self._index: dict[int, dict[str, dict[str, None]]] = defaultdict(dict)

    def ascending(self, changelog: TP) -> Iterator[str]:
        """Yield the keys of a partition by their first characters, lowest first."""
        index = self._index[changelog.partition]
        for prefix in sorted(index):
            yield from tuple(index.get(prefix, ()))

    def forget(self, changelog: TP) -> None:
        """Remove all entries of a partition."""
        super().forget(changelog)
        self._index.pop(changelog.partition, None)

    def _put(self, values: Iterable[tuple[str, Json]], partition: int) -> None:
        values = list(values)
        super()._put(values, partition)
        index = self._index[partition]
        for key, value in values:
            prefix = key[:PREFIX_LENGTH]
            if value is not None:
                index.setdefault(prefix, {})[key] = None
            elif prefix in index:
                index[prefix].pop(key, None)
                if not index[prefix]:
                    del index[prefix]


class OrderedSerializedShelf(SerializedShelf):
    """On a store that is in order by itself."""

    def ascending(self, changelog: TP) -> Iterator[str]:
        """Yield the keys of a partition by their first characters, lowest first."""
        # Page by page: an iterator that is held would keep the file open and its deletions back.
        start = _QUOTE
        while page := self._page(changelog.partition, start):
            for key in page:
                if not key.startswith(_QUOTE):
                    return  # the store's own entries lie behind ours
                yield orjson.loads(key)
            start = page[-1] + b"\0"

    def _page(self, partition: int, start: bytes) -> list[bytes]:
        return list(islice(self._store._db_for_partition(partition).keys(from_key=start), PAGE))


def ordered_shelf_of(store: object) -> OrderedShelf:
    """Return the shelf for one of Faust's stores."""
    is_serialized = isinstance(store, SerializedStore)
    return OrderedSerializedShelf(store) if is_serialized else OrderedMemoryShelf(store)
