"""Lanes take turns by weight and patience, and none starves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.lanes import LANES, LaneRule, Turns
from inference.messages import Lane
from inference.scheduler import Scheduler
from tests.unit.scheduled import BUDGET, entries, put

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
