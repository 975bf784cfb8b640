"""Each text is computed once: what is known is looked up, what is on its way is waited for.

Of one thread at a time: the runtime calls it under its lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.cache import Key, RowCache, key_of
from inference.flights import Flights
from inference.intake import Job
from inference.messages import Floats, Lane
from inference.preparing import unprepared
from inference.scheduler import Entry


@dataclass(frozen=True, kw_only=True, eq=False)
class Sorted:
    """What is to be done for some items."""

    rides: list[Entry] = field(default_factory=list)  # to be prepared and computed
    known: list[Entry] = field(default_factory=list)  # to be answered at once
    rows: list[Floats] = field(default_factory=list)  # of those


class Repeats:
    """What is known and what is on its way; with no bytes to remember, nothing of either."""

    def __init__(self, cache_bytes: int) -> None:
        self._is_on = cache_bytes > 0
        self.cache = RowCache(cache_bytes)
        self._flights = Flights()
        self.hits: Counter[str] = Counter()  # by slot of the configuration
        self.misses: Counter[str] = Counter()

    def entries(self, asked: Sequence[tuple[Job, int]]) -> list[Entry]:
        """Return the entries of requests' items; needs no lock."""
        return [unprepared(job, place, self._key(job, place)) for job, place in asked]

    def sort(self, slot: str, entries: Sequence[Entry]) -> Sorted:
        """Return what is to be done; entries that are in neither list follow others.

        `slot` is the name that requests call their model by.
        """
        found = Sorted()
        for entry in entries:
            row = self.cache.get(entry.key) if entry.key else None
            if row is not None:
                found.known.append(entry)
                found.rows.append(row)
            elif not self._flights.join(entry):
                found.rides.append(entry)
        if entries and entries[0].lane is not Lane.SHADOW:
            self.hits[slot] += len(entries) - len(found.rides)
            self.misses[slot] += len(found.rides)
        return found

    def learn(self, entries: Sequence[Entry], rows: Floats) -> None:
        """Keep rows that were computed, but for those that are no numbers."""
        if not self._is_on:
            return
        finite: list[bool] = np.asarray(np.isfinite(rows).all(axis=1)).tolist()
        for entry, row, fine in zip(entries, rows, finite, strict=True):
            if fine and entry.key is not None:
                self.cache.put(entry.key, row)

    def land(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[int]]:
        """Return who followed these entries, and where in them whom they followed stands."""
        followers: list[Entry] = []
        places: list[int] = []
        for place, entry in enumerate(entries):
            behind = self._flights.land(entry)
            followers += behind
            places += [place] * len(behind)
        return followers, places

    def heir(self, entry: Entry) -> Entry | None:
        """Return who rides instead of an entry that will not."""
        return self._flights.leave(entry)

    def _key(self, job: Job, place: int) -> Key | None:
        if not self._is_on:
            return None
        info = job.model.info
        return key_of(info, job.ask.items[place])
