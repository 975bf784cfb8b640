"""What rides when: all of it once, within the budget, urgent lanes and old items first."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from inference.messages import Lane
from inference.scheduler import BUCKET_TOKENS, STOCK_ITEMS, Scheduler
from tests.unit.scheduled import BUDGET, drained, entries, key, put, scheduler_of, strict

lengths = st.lists(st.integers(min_value=1, max_value=100), max_size=12)


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
