"""Which items ride in the next batch.

A pure object: no clock, no I/O, no lock. The worker's device asks for a batch whenever it is
free; nothing waits for a timer. A batch holds items of one model and of similar length, as many
as a budget of padded tokens takes (longest item times their number); the lane whose turn it is
(`lanes`) gives the first item, its oldest one.

A request is admitted before its items are prepared, so that overload is refused before it costs
anything; its items can ride from when they are `put`. Until then, and until it is said that they
never will (`settle`), they hold their room. What rides is known until it is said that it has ended
(`land`, or `take_back` for another ride).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference.allowance import Allowance
from inference.cache import Key
from inference.errors import QueueFull, TooLate
from inference.lanes import Turns
from inference.messages import Lane
from inference.owed import Owed, Place

BUCKET_TOKENS = 2
"""Width of a length bucket. Over real reviews, with a thousand waiting, padding is then 1% of what
is computed; with buckets of 16 tokens it was 12%."""
SPREAD = 2
"""Longest to shortest around a batch's first item: beyond it, padding costs more than a batch."""
FRESH = 0.2
"""Share of the newest batch in the measured pace."""
STOCK_ITEMS = 2048
"""Items that are ready to ride, enough to choose like lengths from; what is ready beyond that only
takes memory, and the processor from what is to be computed now."""
STOCK_BATCHES = 4
"""Likewise in whole batches: a fast device takes thousands of items at once."""


@dataclass(kw_only=True, eq=False, slots=True)
class Entry:
    """One item in the queue; not frozen, since there are many: it is filled in when prepared."""

    slot: str  # the model that it asks
    lane: Lane  # its urgency
    length: int = 0  # padded-token cost when it rides alone
    request: int  # the request that it belongs to
    place: int  # its place in the request
    queued_at: float  # seconds, of the caller's clock
    deadline: float = math.inf  # seconds, of the caller's clock; from then on it does not ride
    key: Key | None = None  # shared by identical items
    payload: Any = None  # what it is, and from when it is prepared what the model made of it


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """What the device does next."""

    slot: str  # the model of all its entries
    entries: Sequence[Entry]  # at least one
    formed_at: float  # seconds, of the caller's clock


_Buckets = dict[int, deque[Entry]]


class Scheduler:
    """Bounded queues of entries, by lane and model."""

    def __init__(self, *, batch_tokens: int, capacity: int, turns: Turns | None = None) -> None:
        self.allowance = Allowance(batch_tokens)
        self._capacity = capacity  # items of one lane: a flood leaves the others' room alone
        self._turns = turns or Turns()
        self._pace: dict[str, float] = {}  # by model: seconds an item
        self._owed = Owed(self._forget)
        self._queues: dict[Place, _Buckets] = {}  # no empty bucket, no empty place
        self._apart: dict[Lane, deque[list[Entry]]] = {}  # no empty list, no empty lane
        self._expired: list[Entry] = []

    def __len__(self) -> int:
        """Return how many items are admitted and have not ridden."""
        return self._owed.waiting.total()

    def waiting(self, lane: Lane) -> int:
        """Return how many items of a lane are admitted and have not ridden."""
        return sum(items for (other, _), items in self._owed.waiting.items() if other is lane)

    @property
    def is_idle(self) -> bool:
        """Whether no batch can be formed now."""
        return not (self._queues or self._apart)

    # -- what the device can do

    def budget(self, slot: str) -> int:
        """Return the padded tokens that a batch of the model may hold."""
        return self.allowance.of(slot)

    def forget(self, slot: str) -> None:
        """Drop what is known of a model that takes no requests any more, with its last item."""
        self._owed.leave(slot)

    def _forget(self, slot: str) -> None:
        self.allowance.forget(slot)
        self._pace.pop(slot, None)

    def observe(self, slot: str, items: int, took_s: float) -> None:
        """Take in how long a batch took."""
        pace = took_s / items
        self._pace[slot] = pace + (1 - FRESH) * (self._pace.get(slot, pace) - pace)

    def ahead_s(self, lane: Lane) -> float:
        """Return for how long the device is busy with the lane's items and more urgent ones."""
        return sum(
            items * self._pace.get(slot, 0.0)
            for (other, slot), items in self._owed.waiting.items()
            if other <= lane
        )

    # -- in

    def admit(
        self, request: int, count: int, *, lane: Lane, slot: str, patience_s: float = math.inf
    ) -> None:
        """Keep room for the items of a request, all or none.

        `patience_s` is how long the last of them can wait. Raises `QueueFull`, and `TooLate` if
        what is ahead takes longer than that; with nothing ahead, anything is tried.
        """
        held = self.waiting(lane)
        if held + count > self._capacity:
            raise QueueFull(f"{held} items wait, and {self._capacity} may")
        if (ahead := self.ahead_s(lane)) > patience_s:
            raise TooLate(f"{ahead:.1f} s of work are ahead, and {patience_s:.1f} s are left")
        if count:
            self._owed.open(request, (lane, slot), count)

    def is_stocked(self, place: Place) -> bool:
        """Whether so many of a lane's items for a model can ride that more need not be ready."""
        buckets = self._queues.get(place, {})
        items = sum(map(len, buckets.values()))
        if items < STOCK_ITEMS:
            return False
        tokens = sum(len(queue) * number * BUCKET_TOKENS for number, queue in buckets.items())
        return tokens >= STOCK_BATCHES * self.budget(place[1])

    def put(self, entries: Iterable[Entry]) -> list[Entry]:
        """Queue prepared items of admitted requests; return those whose request was cancelled."""
        late = []
        for entry in entries:
            if entry.request not in self._owed:
                late.append(entry)
                continue
            buckets = self._queues.setdefault((entry.lane, entry.slot), {})
            _insert(buckets.setdefault(entry.length // BUCKET_TOKENS, deque()), entry)
        return late

    def put_apart(self, entries: Sequence[Entry]) -> list[Entry]:
        """Queue prepared items of one lane that ride with each other and with none else.

        They go before their lane's others. Returns those whose request was cancelled.
        """
        riding = [entry for entry in entries if entry.request in self._owed]
        if riding:
            self._apart.setdefault(riding[0].lane, deque()).append(riding)
        return [entry for entry in entries if entry.request not in self._owed]

    def take_back(self, entries: Sequence[Entry]) -> list[Entry]:
        """Queue a part of a batch that failed, to ride next in its lane; it holds room again.

        Returns those whose request was cancelled meanwhile.
        """
        riding = [entry for entry in entries if entry.request in self._owed]
        self._owed.back(entry.request for entry in riding)
        if riding:
            self._apart.setdefault(riding[0].lane, deque()).appendleft(riding)
        return [entry for entry in entries if entry.request not in self._owed]

    def land(self, entries: Iterable[Entry]) -> None:
        """Take in that the ride of these items has ended, however it did."""
        self._owed.land(entry.request for entry in entries)

    def settle(self, request: int, count: int) -> None:
        """Give back the room of items that will not ride; of a cancelled request, nothing."""
        self._owed.settle(request, count)

    def cancel(self, request: int) -> list[Entry]:
        """Forget a request; return those of its items that were queued and have not ridden."""
        place = self._owed.cancel(request)
        if place is None:
            return []
        apart = self._leave_apart(lambda one: one.request == request)
        buckets = self._queues.get(place, {})
        dropped = [one for queue in buckets.values() for one in queue if one.request == request]
        if dropped:
            self._keep(
                place,
                {
                    number: deque(one for one in queue if one.request != request)
                    for number, queue in buckets.items()
                },
            )
        return apart + dropped

    # -- out

    def next_batch(self, now: float) -> Batch | None:
        """Return the next batch, None if nothing can ride.

        The oldest item of the lane whose turn it is is in it, and with it those of its lane and
        model whose lengths are nearest. An item over the budget rides alone. What is found to be
        expired is left out, for `take_expired`.
        """
        self._drop_expired(now)
        if self.is_idle:
            return None
        lane = self._most_urgent(now)
        entries = self._next_apart(lane) if lane in self._apart else self._next_alike(lane, now)
        self._turns.charge(lane, max(one.length for one in entries) * len(entries))
        self._owed.ride(entry.request for entry in entries)
        return Batch(slot=entries[0].slot, entries=entries, formed_at=now)

    def take_expired(self) -> list[Entry]:
        """Return, once, the items whose deadline passed before their turn came."""
        expired, self._expired = self._expired, []
        for entry in expired:
            self.settle(entry.request, 1)
        return expired

    def _most_urgent(self, now: float) -> Lane:
        """Return the lane to serve."""
        oldest = {lane: min(map(_order, parts[0]))[0] for lane, parts in self._apart.items()}
        for (lane, _), buckets in self._queues.items():
            oldest[lane] = min(_age(buckets)[0], oldest.get(lane, math.inf))
        return self._turns.choose(oldest, now)

    def _next_apart(self, lane: Lane) -> list[Entry]:
        parts = self._apart[lane]
        entries = parts.popleft()
        if not parts:
            del self._apart[lane]
        return entries

    def _next_alike(self, lane: Lane, now: float) -> list[Entry]:
        """Return items of the lane's model whose item is the oldest."""
        places = [place for place in self._queues if place[0] is lane]
        place = min(places, key=lambda place: _age(self._queues[place]))
        buckets = self._queues[place]
        entries = self._fill(buckets, _oldest(buckets), self.budget(place[1]), now)
        self._keep(place, buckets)
        return entries

    def _fill(self, buckets: _Buckets, seed: int, budget: int, now: float) -> list[Entry]:
        batch: list[Entry] = []
        longest = 0
        for number in sorted(buckets, key=lambda number: (abs(number - seed), number)):
            if not _is_similar(number, seed):
                continue
            for entry in self._alive(buckets[number], now):
                wider = max(longest, entry.length)
                if batch and wider * (len(batch) + 1) > budget:
                    break
                longest = wider
                batch.append(buckets[number].popleft())
        return batch

    def _alive(self, queue: deque[Entry], now: float) -> Iterator[Entry]:
        """Yield the queue's first item, for as long as there is one; drop those that expired."""
        while queue:
            if queue[0].deadline <= now:
                self._expired.append(queue.popleft())
            else:
                yield queue[0]

    def _drop_expired(self, now: float) -> None:
        """Make every queue's first item one that may ride; later ones are seen in their turn."""
        for place, buckets in list(self._queues.items()):
            for queue in buckets.values():
                next(self._alive(queue, now), None)
            self._keep(place, buckets)
        if self._apart:
            self._expired += self._leave_apart(lambda one: one.deadline <= now)

    def _leave_apart(self, leaves: Callable[[Entry], bool]) -> list[Entry]:
        """Take items out of what rides apart, and return them."""
        left: list[Entry] = []
        for lane, parts in list(self._apart.items()):
            left += [one for part in parts for one in part if leaves(one)]
            kept = [[one for one in part if not leaves(one)] for part in parts]
            self._apart[lane] = deque(part for part in kept if part)
            if not self._apart[lane]:
                del self._apart[lane]
        return left

    def _keep(self, place: Place, buckets: Mapping[int, deque[Entry]]) -> None:
        kept = {number: queue for number, queue in buckets.items() if queue}
        if kept:
            self._queues[place] = kept
        else:
            self._queues.pop(place, None)


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
