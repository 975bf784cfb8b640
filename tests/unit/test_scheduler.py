"""What rides when: all of it once, within the budget, urgent lanes and old items first."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inference.errors import QueueFull
from inference.messages import Lane
from inference.scheduler import BUCKET_TOKENS, SPREAD, Batch, Entry, Scheduler

BUDGET = 64
CAPACITY = 40
SLOTS = ("sentiment", "intent")
lengths = st.lists(st.integers(min_value=1, max_value=100), max_size=12)


def entries(
    request: int,
    of_lengths: list[int],
    *,
    lane: Lane = Lane.REVIEWS,
    slot: str = "sentiment",
    at: float = 0.0,
) -> list[Entry]:
    return [
        Entry(
            slot=slot,
            lane=lane,
            length=length,
            request=request,
            place=place,
            queued_at=at,
            payload=None,
        )
        for place, length in enumerate(of_lengths)
    ]


def scheduler_of(*requests: list[Entry]) -> Scheduler:
    scheduler = Scheduler(batch_tokens=BUDGET, capacity=1000)
    for request in requests:
        scheduler.admit(request[0].request, len(request))
        scheduler.put(request[0].request, request)
    return scheduler


def drained(scheduler: Scheduler) -> list[Batch]:
    batches = []
    while (batch := scheduler.next_batch(now=0.0)) is not None:
        batches.append(batch)
    return batches


def key(entry: Entry) -> tuple[int, int]:
    return entry.request, entry.place


def check_shape(batch: Batch) -> None:
    longest = max(entry.length for entry in batch.entries)
    shortest = min(entry.length for entry in batch.entries)
    assert len(batch.entries) == 1 or longest * len(batch.entries) <= BUDGET
    # Around the first item both ways, each way by a factor, and a bucket's width of slack.
    assert longest < SPREAD**2 * (shortest + BUCKET_TOKENS)
    assert len({(entry.lane, entry.slot) for entry in batch.entries}) == 1
    assert batch.slot == batch.entries[0].slot


class Life(RuleBasedStateMachine):
    """Any order of admitting, putting, cancelling and taking batches."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler(batch_tokens=BUDGET, capacity=CAPACITY)
        self.admitted: dict[int, list[Entry]] = {}  # not put yet
        self.waiting: dict[tuple[int, int], Entry] = {}
        self.number = 0

    @rule(of_lengths=lengths, lane=st.sampled_from(Lane), slot=st.sampled_from(SLOTS))
    def admit(self, of_lengths: list[int], lane: Lane, slot: str) -> None:
        self.number += 1
        held = len(self.scheduler)
        if held + len(of_lengths) > CAPACITY:
            with pytest.raises(QueueFull):
                self.scheduler.admit(self.number, len(of_lengths))
            assert len(self.scheduler) == held
            return
        self.scheduler.admit(self.number, len(of_lengths))
        self.admitted[self.number] = entries(
            self.number, of_lengths, lane=lane, slot=slot, at=float(self.number)
        )

    @precondition(lambda self: self.admitted)
    @rule(data=st.data(), lost=st.integers(min_value=0, max_value=3))
    def put(self, data: st.DataObject, lost: int) -> None:
        request = data.draw(st.sampled_from(sorted(self.admitted)))
        prepared = self.admitted.pop(request)[lost:]  # some could not be prepared
        self.scheduler.put(request, prepared)
        self.waiting |= {key(entry): entry for entry in prepared}

    @precondition(lambda self: self.number)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        request = data.draw(st.integers(min_value=1, max_value=self.number))
        self.scheduler.cancel(request)
        late = self.admitted.pop(request, [])
        self.scheduler.put(request, late)  # what was being prepared comes too late
        self.waiting = {place: one for place, one in self.waiting.items() if place[0] != request}

    @rule()
    def take(self) -> None:
        batch = self.scheduler.next_batch(now=7.0)
        if batch is None:
            assert not self.waiting
            return
        check_shape(batch)
        assert batch.formed_at == 7.0
        lane = min(entry.lane for entry in self.waiting.values())
        rivals = [entry for entry in self.waiting.values() if entry.lane is lane]
        oldest = min(rivals, key=lambda entry: (entry.queued_at, entry.place))
        assert key(oldest) in {key(entry) for entry in batch.entries}
        for entry in batch.entries:
            assert self.waiting.pop(key(entry)) is entry

    @invariant()
    def counts(self) -> None:
        owed = sum(map(len, self.admitted.values())) + len(self.waiting)
        assert len(self.scheduler) == owed
        assert self.scheduler.is_idle == (not self.waiting)

    def teardown(self) -> None:
        for batch in drained(self.scheduler):
            for entry in batch.entries:
                del self.waiting[key(entry)]
        assert not self.waiting


TestLife = Life.TestCase


@given(st.lists(st.tuples(lengths.filter(bool), st.sampled_from(Lane)), max_size=8))
def test_lanes_leave_in_their_order(requests: list[tuple[list[int], Lane]]) -> None:
    scheduler = scheduler_of(
        *(entries(number, sizes, lane=lane) for number, (sizes, lane) in enumerate(requests))
    )
    lanes = [batch.entries[0].lane for batch in drained(scheduler)]
    assert lanes == sorted(lanes)


@given(lengths.filter(bool))
def test_items_of_like_length_leave_in_their_order(sizes: list[int]) -> None:
    scheduler = scheduler_of(entries(1, sizes))
    by_bucket: defaultdict[int, list[int]] = defaultdict(list)
    for batch in drained(scheduler):
        for entry in batch.entries:
            by_bucket[entry.length // BUCKET_TOKENS].append(entry.place)
    assert all(places == sorted(places) for places in by_bucket.values())


def test_an_item_over_the_budget_rides_alone() -> None:
    scheduler = scheduler_of(entries(1, [BUDGET + 1, BUDGET + 1, 10]))
    assert sorted(len(batch.entries) for batch in drained(scheduler)) == [1, 1, 1]


def test_short_items_do_not_ride_with_long_ones() -> None:
    first, second = drained(scheduler_of(entries(1, [60, 2, 3])))
    assert [entry.length for entry in first.entries] == [60]
    assert [entry.length for entry in second.entries] == [2, 3]


def test_the_older_model_goes_first_within_a_lane() -> None:
    scheduler = scheduler_of(
        entries(1, [5], slot="sentiment", at=2.0), entries(2, [5], slot="intent", at=1.0)
    )
    assert [batch.slot for batch in drained(scheduler)] == ["intent", "sentiment"]


def test_what_is_refused_leaves_no_trace() -> None:
    scheduler = Scheduler(batch_tokens=BUDGET, capacity=2)
    scheduler.admit(1, 2)
    with pytest.raises(QueueFull, match="2 items wait, and 2 may"):
        scheduler.admit(2, 1)
    scheduler.cancel(1)
    scheduler.admit(3, 2)
    assert len(scheduler) == 2
