"""What a scheduler takes in: as much as it has room and time for."""

from __future__ import annotations

import pytest

from inference.errors import QueueFull, TooLate
from inference.messages import Lane
from inference.scheduler import Scheduler
from tests.unit.scheduled import BUDGET, entries, put, strict


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
