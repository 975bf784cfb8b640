"""What rides when: all of it once, within the budget, urgent lanes and old items first."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inference.errors import QueueFull, TooLate
from inference.lanes import LANES, LaneRule, Turns
from inference.messages import Lane
from inference.scheduler import BUCKET_TOKENS, SPREAD, STOCK_ITEMS, Batch, Entry, Scheduler

BUDGET = 64
CAPACITY = 40
SLOTS = ("sentiment", "intent")
PATIENT = {lane: LaneRule(weight=1.0, patience_s=math.inf) for lane in Lane}
"""Lanes that are never overdue: a strict order."""
lengths = st.lists(st.integers(min_value=1, max_value=100), max_size=12)


def entries(
    request: int,
    of_lengths: list[int],
    *,
    lane: Lane = Lane.REVIEWS,
    slot: str = "sentiment",
    at: float = 0.0,
    deadlines: list[float] | None = None,
) -> list[Entry]:
    return [
        Entry(
            slot=slot,
            lane=lane,
            length=length,
            request=request,
            place=place,
            queued_at=at,
            deadline=deadlines[place] if deadlines else math.inf,
            payload=None,
        )
        for place, length in enumerate(of_lengths)
    ]


def strict() -> Scheduler:
    return Scheduler(batch_tokens=BUDGET, capacity=1000, turns=Turns(PATIENT))


def put(scheduler: Scheduler, request: list[Entry]) -> None:
    first = request[0]
    scheduler.admit(first.request, len(request), lane=first.lane, slot=first.slot)
    assert not scheduler.put(request)


def scheduler_of(*requests: list[Entry]) -> Scheduler:
    scheduler = strict()
    for request in requests:
        put(scheduler, request)
    return scheduler


def drained(scheduler: Scheduler, now: float = 0.0) -> list[Batch]:
    batches = []
    while (batch := scheduler.next_batch(now)) is not None:
        batches.append(batch)
    return batches


def key(entry: Entry) -> tuple[int, int]:
    return entry.request, entry.place


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


def test_each_model_has_its_own_budget() -> None:
    scheduler = scheduler_of(entries(1, [10] * 6), entries(2, [10] * 6, slot="intent", at=1.0))
    scheduler.allowance.allow("intent", 20)
    assert [len(batch.entries) for batch in drained(scheduler)] == [6, 2, 2, 2]
    assert (scheduler.budget("intent"), scheduler.budget("sentiment")) == (20, BUDGET)


def test_short_items_do_not_ride_with_long_ones() -> None:
    first, second = drained(scheduler_of(entries(1, [60, 2, 3])))
    assert [entry.length for entry in first.entries] == [60]
    assert [entry.length for entry in second.entries] == [2, 3]


def test_the_older_model_goes_first_within_a_lane() -> None:
    scheduler = scheduler_of(
        entries(1, [5], slot="sentiment", at=2.0), entries(2, [5], slot="intent", at=1.0)
    )
    assert [batch.slot for batch in drained(scheduler)] == ["intent", "sentiment"]


# -- admission


def test_what_is_refused_leaves_no_trace() -> None:
    scheduler = Scheduler(batch_tokens=BUDGET, capacity=2)
    scheduler.admit(1, 2, lane=Lane.CHAT, slot="intent")
    with pytest.raises(QueueFull, match="2 items wait, and 2 may"):
        scheduler.admit(2, 1, lane=Lane.CHAT, slot="intent")
    scheduler.admit(3, 2, lane=Lane.ORDERS, slot="intent")  # another lane has its own room
    scheduler.cancel(1)
    scheduler.admit(4, 2, lane=Lane.CHAT, slot="intent")
    assert len(scheduler) == 4


def test_what_cannot_be_in_time_is_refused() -> None:
    scheduler = strict()
    scheduler.observe("sentiment", items=10, took_s=1.0)
    put(scheduler, entries(1, [5] * 20))
    assert scheduler.ahead_s(Lane.REVIEWS) == pytest.approx(2.0)
    with pytest.raises(TooLate, match=r"2\.0 s of work are ahead, and 1\.5 s are left"):
        scheduler.admit(2, 1, lane=Lane.ORDERS, slot="intent", patience_s=1.5)
    scheduler.admit(3, 1, lane=Lane.ORDERS, slot="intent", patience_s=2.5)
    scheduler.admit(4, 1, lane=Lane.CHAT, slot="intent", patience_s=0.1)  # reviews are behind it


def test_a_pace_once_slow_refuses_nothing_for_ever() -> None:
    scheduler = strict()
    scheduler.observe("sentiment", items=1, took_s=1000.0)
    scheduler.admit(1, 1, lane=Lane.CHAT, slot="sentiment", patience_s=0.01)


def test_the_pace_follows_the_newest_batches() -> None:
    scheduler = strict()
    put(scheduler, entries(1, [5]))
    scheduler.observe("sentiment", items=1, took_s=10.0)
    for _ in range(100):
        scheduler.observe("sentiment", items=10, took_s=1.0)
    assert scheduler.ahead_s(Lane.REVIEWS) == pytest.approx(0.1, rel=1e-3)


# -- turns

RULES = {
    Lane.SHADOW: LaneRule(weight=0.5, patience_s=3.0),
    Lane.CHAT: LaneRule(weight=8.0, patience_s=0.0),
    Lane.REVIEWS: LaneRule(weight=3.0, patience_s=1.0),
    Lane.ORDERS: LaneRule(weight=1.0, patience_s=2.0),
}
works = st.floats(min_value=1.0, max_value=100.0)


@given(
    st.lists(st.tuples(st.sets(st.sampled_from(Lane), min_size=1), works), max_size=80),
    st.sampled_from([Lane.REVIEWS, Lane.ORDERS]),
)
def test_who_is_overdue_is_not_starved(steps: list[tuple[set[Lane], float]], hungry: Lane) -> None:
    turns = Turns(RULES)
    others = 0.0
    for lanes, work in steps:
        waiting = dict.fromkeys(lanes | {hungry}, 0.0)  # all of them overdue
        lane = turns.choose(waiting, now=10.0)
        turns.charge(lane, work)
        others = 0.0 if lane is hungry else others + work
        # Behind by its own last turn and by one of each other lane, by weight.
        assert others <= 100.0 / RULES[hungry].weight * (8 + 3 + 1 + 0.5) + 3 * 100.0


@given(works)
def test_a_flood_that_is_overdue_goes_behind_each_chat(work: float) -> None:
    turns = Turns(RULES)
    for second in range(50):
        flood = {Lane.REVIEWS: 0.0}
        assert turns.choose(flood, now=10.0 + second) is Lane.REVIEWS
        turns.charge(Lane.REVIEWS, max(work, 10.0))
        now = 10.5 + second
        assert turns.choose({**flood, Lane.CHAT: now}, now) is Lane.CHAT
        turns.charge(Lane.CHAT, 10.0)


def test_shares_are_as_the_weights() -> None:
    turns = Turns(RULES)
    work = dict.fromkeys(Lane, 0.0)
    for _ in range(1200):
        lane = turns.choose(dict.fromkeys(Lane, 0.0), now=10.0)
        turns.charge(lane, 10.0)
        work[lane] += 10.0
    shares = [work[lane] / work[Lane.ORDERS] for lane in Lane]
    assert shares == pytest.approx([8, 3, 1, 0.5], rel=0.05)


def test_nobody_saves_up_turns() -> None:
    turns = Turns(RULES)
    for _ in range(100):
        turns.choose({Lane.CHAT: 0.0, Lane.ORDERS: 9.5}, now=10.0)  # orders are not overdue
        turns.charge(Lane.CHAT, 10.0)
    both = {Lane.CHAT: 0.0, Lane.ORDERS: 0.0}
    served = []
    for _ in range(10):
        served.append(turns.choose(both, now=10.0))
        turns.charge(served[-1], 10.0)
    assert served.count(Lane.ORDERS) <= 2


@given(st.integers(1, 60), st.sampled_from([0.01, 0.05]))
def test_an_order_waits_no_longer_than_its_patience(length: int, batch_s: float) -> None:
    scheduler = Scheduler(batch_tokens=BUDGET, capacity=1000)
    put(scheduler, entries(1, [10], lane=Lane.ORDERS, slot="recommend"))
    now, number = 0.0, 1
    while True:
        number += 1
        put(scheduler, entries(number, [length] * 3, lane=Lane.CHAT, slot="intent", at=now))
        batch = scheduler.next_batch(now)
        assert batch is not None
        if batch.entries[0].lane is Lane.ORDERS:
            break
        now += batch_s
    patience_s = LANES[Lane.ORDERS].patience_s
    assert patience_s < now <= patience_s + 2 * batch_s


# -- deadlines


def test_what_is_put_apart_rides_alone_and_first() -> None:
    scheduler = strict()
    put(scheduler, entries(1, [5, 5]))
    suspects = entries(2, [5, 5])
    scheduler.admit(2, 2, lane=Lane.REVIEWS, slot="sentiment")
    for one in suspects:
        assert not scheduler.put_apart([one])
    assert scheduler.put_apart(entries(3, [5]))  # nobody admitted it
    put(scheduler, entries(4, [5], lane=Lane.CHAT))
    found = [[key(entry) for entry in batch.entries] for batch in drained(scheduler)]
    assert found == [[(4, 0)], [(2, 0)], [(2, 1)], [(1, 0), (1, 1)]]


def test_what_expired_is_left_out_and_said_once() -> None:
    scheduler = scheduler_of(entries(1, [5, 5, 5], deadlines=[9.0, 1.0, 9.0]))
    (batch,) = drained(scheduler, now=1.0)
    assert [entry.place for entry in batch.entries] == [0, 2]
    assert [entry.place for entry in scheduler.take_expired()] == [1]
    assert not scheduler.take_expired()
    assert not len(scheduler)


def test_when_all_expired_nothing_rides() -> None:
    scheduler = scheduler_of(entries(1, [5, 50], deadlines=[1.0, 1.0]))
    assert scheduler.next_batch(now=2.0) is None
    assert scheduler.is_idle
    assert len(scheduler.take_expired()) == 2


def test_a_cancelled_request_is_owed_nothing_though_its_batch_fails() -> None:
    scheduler = scheduler_of(entries(1, [5, 5]))
    scheduler.admit(2, 3, lane=Lane.REVIEWS, slot="sentiment")
    assert not scheduler.put(entries(2, [5]))
    batch = scheduler.next_batch(now=0.0)
    assert batch is not None
    cancelled = [entry for entry in batch.entries if entry.request == 2]
    scheduler.cancel(2)
    assert scheduler.take_back(batch.entries) == cancelled  # not to ride again
    scheduler.settle(2, 2)  # those that were being prepared
    assert scheduler.waiting(Lane.REVIEWS) == 2
    assert [one.request for one in drained(scheduler)[0].entries] == [1, 1]


def test_a_model_that_leaves_keeps_its_budget_to_its_last_item() -> None:
    scheduler = strict()
    scheduler.allowance.allow("sentiment", 10)
    put(scheduler, entries(1, [5, 5, 5, 5]))
    scheduler.forget("sentiment")
    first = scheduler.next_batch(now=0.0)
    assert first is not None
    assert len(first.entries) == 2
    assert scheduler.budget("sentiment") == 10
    last = scheduler.next_batch(now=0.0)
    assert last is not None
    scheduler.land(first.entries)
    assert scheduler.budget("sentiment") == 10  # its last batch is on the device and may fail
    scheduler.land(last.entries)
    assert scheduler.budget("sentiment") == BUDGET


def test_a_model_without_work_is_forgotten_at_once() -> None:
    scheduler = strict()
    scheduler.allowance.allow("sentiment", 10)
    scheduler.forget("sentiment")
    assert scheduler.budget("sentiment") == BUDGET


def test_what_is_stocked_is_enough_for_the_device_and_for_like_lengths() -> None:
    scheduler = Scheduler(batch_tokens=BUDGET, capacity=100_000)
    place = (Lane.REVIEWS, "sentiment")
    put(scheduler, entries(1, [8] * (STOCK_ITEMS - 1)))
    assert not scheduler.is_stocked(place)
    put(scheduler, entries(2, [8]))
    assert scheduler.is_stocked(place)
    assert not scheduler.is_stocked((Lane.CHAT, "sentiment"))
    scheduler.allowance.allow("sentiment", 8 * STOCK_ITEMS)  # all of it is one batch of a GPU
    assert not scheduler.is_stocked(place)
