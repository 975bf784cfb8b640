"""When a pipeline settles what it has sent: after a pause at once, then by a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from faust.types import TP

from inference.messages import Answer
from inference.testing import Asked
from streams.delivery import AtLeastOnce
from streams.errors import DeliveryLost, StreamsError
from streams.pipeline import MAX_UNSETTLED
from streams.position import Position
from streams.publisher import Publication
from streams.testing import MemoryPublisher
from tests.pipeline_bench import Bench, review
from tests.waiting import until


class Transactions:
    """A delivery that settles on a clock, and does as it is told."""

    commits_itself = True

    def __init__(self, linger_s: float) -> None:
        self.linger_s = linger_s
        self.sent: list[Publication] = []
        self.settled: list[tuple[int, Position]] = []
        self.may_settle = asyncio.Event()
        self.may_settle.set()
        self.failure: StreamsError | None = None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, publications: Iterable[Publication]) -> None:
        self.sent += publications

    async def settle(self, position: Position) -> Mapping[TP, int]:
        await self.may_settle.wait()
        if self.failure is not None:
            raise self.failure
        self.settled.append((len(self.sent), position))
        return {}


async def test_after_a_pause_it_is_settled_at_once_and_then_by_the_clock() -> None:
    delivery = Transactions(linger_s=3600)
    bench = Bench(delivery=delivery)
    bench.feed([review(0), review(1)])
    await bench.finish()
    assert delivery.settled == [(2, Position(2))]
    bench.feed([review(2)])
    await until(lambda: len(delivery.sent) == 3)
    assert delivery.settled == [(2, Position(2))]
    await bench.pipeline.stop()


async def test_many_records_are_settled_before_the_clock() -> None:
    delivery = Transactions(linger_s=3600)
    bench = Bench(delivery=delivery)
    bench.feed([review(0)])
    await bench.finish()
    bench.feed([review(number) for number in range(1, MAX_UNSETTLED + 2)])
    await until(lambda: len(delivery.settled) == 2)
    assert delivery.settled[1][0] >= MAX_UNSETTLED
    await bench.pipeline.stop()


async def test_what_is_settled_before_the_clock_stops_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One left running would settle the next ones early, whose clock the one after, and so on."""
    loop, clocks = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    set_clock = loop.call_at

    def note(when: float, *more: Any, **kw: Any) -> asyncio.TimerHandle:
        clocks.append(set_clock(when, *more, **kw))
        return clocks[-1]

    monkeypatch.setattr(loop, "call_at", note)
    delivery = Transactions(linger_s=3600)
    bench = Bench(delivery=delivery)
    bench.feed([review(0)])
    await bench.finish()
    bench.feed([review(number) for number in range(1, MAX_UNSETTLED + 200)])
    await until(lambda: len(delivery.sent) == MAX_UNSETTLED + 200)
    in_an_hour = [clock for clock in clocks if clock.when() > loop.time() + 1800]
    assert len(delivery.settled) == 2
    assert [clock.cancelled() for clock in in_an_hour] == [True, False]
    await bench.pipeline.stop()
    assert in_an_hour[-1].cancelled()


async def test_what_is_done_beyond_a_record_that_waits_is_settled_too() -> None:
    delivery = Transactions(linger_s=0.01)
    bench = Bench(delivery=delivery)
    answer = bench.model.answer
    never = asyncio.Event()

    async def slow(asked: Asked) -> Answer:
        if "slow" in asked.items:
            await never.wait()
        return await answer(asked)

    bench.model.answer = slow  # type: ignore[method-assign]
    bench.feed([review(0, "slow", "a")])
    bench.feed([review(1, "fine", "b")])
    await until(lambda: delivery.settled)
    assert delivery.settled == [(1, Position(0, ((1, 1),)))]
    await bench.pipeline.stop()


async def test_a_transaction_that_broke_ends_the_pipeline_and_settles_nothing() -> None:
    delivery = Transactions(linger_s=0)
    delivery.failure = DeliveryLost("told to")
    bench = Bench(delivery=delivery)
    bench.feed([review(0)])
    await bench.finish()
    with pytest.raises(DeliveryLost):
        bench.pipeline.failed.result()
    assert not bench.frontier.is_idle


class LingeringDelivery(AtLeastOnce):
    """Settles on a clock."""

    linger_s = 0.1


async def test_a_clock_that_strikes_early_settles_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some loops round their timers, so that one fires before its time is there."""
    loop = asyncio.get_running_loop()
    on_time = loop.call_at
    monkeypatch.setattr(
        loop, "call_at", lambda when, *more, **kw: on_time(when - 0.05, *more, **kw)
    )
    bench = Bench(delivery=LingeringDelivery(MemoryPublisher()))
    bench.feed([review(0)])
    await bench.finish()
    bench.feed([review(1)])  # at once after a settling: this one waits for the clock
    await bench.finish()
    assert bench.frontier.to_commit() == Position(2)
