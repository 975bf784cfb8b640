"""Whatever comes in whatever order, all of it rides once, within the budget."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inference.errors import QueueFull
from inference.lanes import Turns
from inference.messages import Lane
from inference.scheduler import BUCKET_TOKENS, SPREAD, Batch, Entry, Scheduler
from tests.unit.scheduled import BUDGET, PATIENT, drained, entries, key

CAPACITY = 40
SLOTS = ("sentiment", "intent")


def order(entry: Entry) -> tuple[float, int]:
    return entry.queued_at, entry.place


def check_shape(batch: Batch) -> None:
    longest = max(entry.length for entry in batch.entries)
    shortest = min(entry.length for entry in batch.entries)
    assert len(batch.entries) == 1 or longest * len(batch.entries) <= BUDGET
    # Around the first item both ways, each way by a factor, and a bucket's width of slack.
    assert longest < SPREAD**2 * (shortest + BUCKET_TOKENS)
    assert len({(entry.lane, entry.slot) for entry in batch.entries}) == 1
    assert batch.slot == batch.entries[0].slot


class Life(RuleBasedStateMachine):
    """Any order of admitting, putting, cancelling, expiring and taking batches."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler(batch_tokens=BUDGET, capacity=CAPACITY, turns=Turns(PATIENT))
        self.admitted: dict[int, list[Entry]] = {}  # not put yet
        self.waiting: dict[tuple[int, int], Entry] = {}
        self.apart: list[list[Entry]] = []  # what rides with nothing else, the next one first
        self.taken: list[Entry] = []  # the last batch, unless it has landed
        self.cancelled: set[int] = set()
        self.number = 0
        self.now = 0.0

    def held(self, lane: Lane) -> int:
        coming = [one for request in self.admitted.values() for one in request]
        return sum(one.lane is lane for one in [*coming, *self.waiting.values()])

    @rule(
        sizes=st.lists(
            st.tuples(st.integers(1, 100), st.sampled_from([1.0, 5.0, math.inf])), max_size=12
        ),
        lane=st.sampled_from(Lane),
        slot=st.sampled_from(SLOTS),
    )
    def admit(self, sizes: list[tuple[int, float]], lane: Lane, slot: str) -> None:
        self.number += 1
        held = self.held(lane)
        if held + len(sizes) > CAPACITY:  # what was taken back may have gone over it
            with pytest.raises(QueueFull):
                self.scheduler.admit(self.number, len(sizes), lane=lane, slot=slot)
            return
        self.scheduler.admit(self.number, len(sizes), lane=lane, slot=slot)
        self.admitted[self.number] = entries(
            self.number,
            [length for length, _ in sizes],
            lane=lane,
            slot=slot,
            at=float(self.number),
            deadlines=[self.now + patience for _, patience in sizes],
        )

    @precondition(lambda self: self.admitted)
    @rule(data=st.data(), lost=st.integers(min_value=0, max_value=3))
    def put(self, data: st.DataObject, lost: int) -> None:
        request = data.draw(st.sampled_from(sorted(self.admitted)))
        admitted = self.admitted.pop(request)
        prepared = admitted[lost:]  # some could not be prepared
        self.scheduler.settle(request, len(admitted) - len(prepared))
        middle = len(prepared) // 2
        assert not self.scheduler.put(prepared[:middle])
        assert not self.scheduler.put(prepared[middle:])
        self.waiting |= {key(entry): entry for entry in prepared}

    @precondition(lambda self: self.number)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        request = data.draw(st.integers(min_value=1, max_value=self.number))
        dropped = self.scheduler.cancel(request)
        mine = {place for place in self.waiting if place[0] == request}
        assert {key(entry) for entry in dropped} == mine
        late = self.admitted.pop(request, [])
        assert self.scheduler.put(late) == late  # what was being prepared comes too late
        self.scheduler.settle(request, len(late))  # and what could not be is said too late
        self.cancelled.add(request)
        self.waiting = {place: one for place, one in self.waiting.items() if place[0] != request}

    @rule(passed=st.sampled_from([0.5, 1.0, 5.0]))
    def wait(self, passed: float) -> None:
        self.now += passed

    @rule()
    def take(self) -> None:
        self.land()
        batch = self.scheduler.next_batch(now=self.now)
        for entry in self.scheduler.take_expired():
            assert entry.deadline <= self.now
            assert self.waiting.pop(key(entry)) is entry
        if batch is None:
            assert not self.waiting
            return
        assert batch.formed_at == self.now
        self.taken = list(batch.entries)
        alive = [entry for entry in self.waiting.values() if entry.deadline > self.now]
        lane = min(entry.lane for entry in alive)
        self.apart = [left for part in self.apart if (left := [e for e in part if e in alive])]
        parts = [part for part in self.apart if part[0].lane is lane]
        if parts:
            self.apart.remove(parts[0])
            assert self.taken == parts[0]
        else:
            check_shape(batch)
            oldest = min((entry for entry in alive if entry.lane is lane), key=order)
            assert key(oldest) in {key(entry) for entry in batch.entries}
        for entry in batch.entries:
            assert entry.deadline > self.now
            assert self.waiting.pop(key(entry)) is entry

    @precondition(lambda self: len(self.taken) > 1)
    @rule()
    def fail(self) -> None:
        middle = len(self.taken) // 2
        for part in (self.taken[middle:], self.taken[:middle]):
            dropped = self.scheduler.take_back(part)
            assert dropped == [entry for entry in part if entry.request in self.cancelled]
            riding = [entry for entry in part if entry not in dropped]
            self.apart[:0] = [riding] if riding else []
            self.waiting |= {key(entry): entry for entry in riding}
        self.taken = []

    @precondition(lambda self: self.taken)
    @rule()
    def land(self) -> None:
        self.scheduler.land(self.taken)
        self.taken = []

    @invariant()
    def counts(self) -> None:
        owed = sum(map(len, self.admitted.values())) + len(self.waiting)
        assert len(self.scheduler) == owed
        assert all(self.scheduler.waiting(lane) == self.held(lane) for lane in Lane)
        assert self.scheduler.is_idle == (not self.waiting)

    def teardown(self) -> None:
        batches = drained(self.scheduler, self.now)
        ended = [entry for batch in batches for entry in batch.entries]
        for entry in [*ended, *self.scheduler.take_expired()]:
            del self.waiting[key(entry)]
        assert not self.waiting


TestLife = Life.TestCase
