"""Identical texts on their way: one rides, and the others get what becomes of it.

A text follows an identical one only if that is as urgent: a chat must not wait in a review's
queue. One that rides for others and is cancelled, or has expired, leaves its seat to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from inference.cache import Key
from inference.scheduler import Entry


@dataclass(kw_only=True, eq=False)
class _Flight:
    leader: Entry
    followers: list[Entry] = field(default_factory=list)


class Flights:
    """Who rides for whom. A pure object."""

    def __init__(self) -> None:
        self._flights: dict[Key, _Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def join(self, entry: Entry) -> bool:
        """Return whether an entry follows an identical one; if not, it is to ride itself."""
        if entry.key is None:
            return False
        flight = self._flights.get(entry.key)
        if flight is None:
            self._flights[entry.key] = _Flight(leader=entry)
            return False
        if entry.lane < flight.leader.lane:
            return False
        flight.followers.append(entry)
        return True

    def land(self, entry: Entry) -> list[Entry]:
        """End the ride of an entry; return who followed it."""
        flight = self._of(entry)
        if flight is None or entry.key is None:
            return []
        del self._flights[entry.key]
        return flight.followers

    def leave(self, entry: Entry) -> Entry | None:
        """Return who rides instead of an entry that will not, with what was prepared for it."""
        flight = self._of(entry)
        if flight is None or entry.key is None:
            return None
        if not flight.followers:
            del self._flights[entry.key]
            return None
        first = flight.followers.pop(0)
        flight.leader = replace(first, length=entry.length, payload=entry.payload)
        return flight.leader

    def _of(self, entry: Entry) -> _Flight | None:
        """Return the flight that an entry leads."""
        flight = self._flights.get(entry.key) if entry.key is not None else None
        if flight is None or (flight.leader.request, flight.leader.place) != (
            entry.request,
            entry.place,
        ):
            return None
        return flight
