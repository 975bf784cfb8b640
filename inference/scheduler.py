"""Which items ride in the next batch.

A pure object: no clock, no I/O, no lock. The worker's device asks for a batch whenever it is
free; nothing waits for a timer. A batch holds items of one model and of similar length, as many
as a budget of padded tokens takes (longest item times their number); the most urgent lane gives
the first item, its oldest one.

A request is admitted before its items are prepared, so that overload is refused before it costs
anything; its items can ride from when they are `put`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference.errors import QueueFull
from inference.messages import Lane

BUCKET_TOKENS = 16
"""Width of a length bucket: items of one bucket waste less than this much padding each."""
SPREAD = 2
"""Longest to shortest around a batch's first item: beyond it, padding costs more than a batch."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One item in the queue."""

    slot: str  # the model that it asks
    lane: Lane  # its urgency
    length: int  # padded-token cost when it rides alone
    request: int  # the request that it belongs to
    place: int  # its place in the request
    queued_at: float  # seconds, of the caller's clock
    payload: Any  # what the model prepared


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """What the device does next."""

    slot: str  # the model of all its entries
    entries: Sequence[Entry]  # at least one
    formed_at: float  # seconds, of the caller's clock


_Buckets = dict[int, deque[Entry]]


class Scheduler:
    """A bounded queue of entries, by lane and model."""

    def __init__(self, *, batch_tokens: int, capacity: int) -> None:
        self._batch_tokens = batch_tokens
        self._capacity = capacity
        self._owed: dict[int, int] = {}  # by request: items admitted that have not ridden
        self._admitted = 0  # the sum of those
        self._queues: dict[tuple[Lane, str], _Buckets] = {}  # no empty bucket, no empty place

    def __len__(self) -> int:
        """Return how many items are admitted and have not ridden."""
        return self._admitted

    @property
    def is_idle(self) -> bool:
        """Whether no batch can be formed now."""
        return not self._queues

    def admit(self, request: int, count: int) -> None:
        """Keep room for the items of a request, all or none; raises `QueueFull`."""
        if self._admitted + count > self._capacity:
            raise QueueFull(f"{self._admitted} items wait, and {self._capacity} may")
        self._owed[request] = count
        self._admitted += count

    def put(self, request: int, entries: Iterable[Entry]) -> None:
        """Queue what came of an admitted request, in one call; of a cancelled one, nothing."""
        if request not in self._owed:
            return
        entries = list(entries)
        self._settle(request, self._owed[request] - len(entries))
        for entry in entries:
            buckets = self._queues.setdefault((entry.lane, entry.slot), {})
            _insert(buckets.setdefault(entry.length // BUCKET_TOKENS, deque()), entry)

    def cancel(self, request: int) -> None:
        """Drop what has not ridden of a request."""
        owed = self._owed.get(request)
        if owed is None:
            return
        self._settle(request, owed)
        for place in list(self._queues):
            buckets = {
                number: deque(entry for entry in queue if entry.request != request)
                for number, queue in self._queues[place].items()
            }
            self._keep(place, buckets)

    def next_batch(self, now: float) -> Batch | None:
        """Return the next batch, None if nothing can ride.

        The oldest item of the most urgent lane is in it, and with it those of its lane and model
        whose lengths are nearest. An item over the budget rides alone.
        """
        place = self._most_urgent(now)
        if place is None:
            return None
        buckets = self._queues[place]
        entries = self._fill(buckets, _oldest(buckets))
        self._keep(place, buckets)
        for entry in entries:
            self._settle(entry.request, 1)
        return Batch(slot=place[1], entries=entries, formed_at=now)

    def _most_urgent(self, now: float) -> tuple[Lane, str] | None:
        """Return the lane and model to serve: the only place where urgency is decided.

        `now` is for what makes urgency grow with waiting: deadlines, weights, a bound on
        starvation. A strict order of lanes needs none of it.
        """
        return min(
            self._queues, key=lambda place: (place[0], _age(self._queues[place])), default=None
        )

    def _fill(self, buckets: _Buckets, seed: int) -> list[Entry]:
        batch: list[Entry] = []
        longest = 0
        for number in sorted(buckets, key=lambda number: (abs(number - seed), number)):
            queue = buckets[number]
            while queue and _is_similar(number, seed):
                wider = max(longest, queue[0].length)
                if batch and wider * (len(batch) + 1) > self._batch_tokens:
                    break
                longest = wider
                batch.append(queue.popleft())
        return batch

    def _keep(self, place: tuple[Lane, str], buckets: Mapping[int, deque[Entry]]) -> None:
        kept = {number: queue for number, queue in buckets.items() if queue}
        if kept:
            self._queues[place] = kept
        else:
            del self._queues[place]

    def _settle(self, request: int, count: int) -> None:
        self._admitted -= count
        self._owed[request] -= count
        if not self._owed[request]:
            del self._owed[request]


def _insert(queue: deque[Entry], entry: Entry) -> None:
    """Put an entry in its turn: at the end, unless an older request took longer to prepare."""
    place = len(queue)
    while place and _order(queue[place - 1]) > _order(entry):
        place -= 1
    queue.insert(place, entry)


def _order(entry: Entry) -> tuple[float, int, int]:
    return entry.queued_at, entry.request, entry.place


def _oldest(buckets: _Buckets) -> int:
    return min(buckets, key=lambda number: _order(buckets[number][0]))


def _age(buckets: _Buckets) -> tuple[float, int, int]:
    return _order(buckets[_oldest(buckets)][0])


def _is_similar(number: int, seed: int) -> bool:
    return max(number, seed) + 1 <= SPREAD * (min(number, seed) + 1)
