"""Windows, drains and commits of a worker's partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import pytest
from faust.types import TP

from schemas.codec import Decoder
from schemas.events import ReviewEvent
from schemas.topics import Topics
from streams.delivery import AtLeastOnce
from streams.engine import Engine, Limits, Ports
from streams.errors import (
    CommitError,
    CommitFenced,
    DeliveryFenced,
    DeliveryLost,
    StreamsError,
)
from streams.making import Stage
from streams.position import Position
from streams.testing import MemoryPartition, MemoryPublisher
from tests.pipeline_bench import Handler, fake, review
from tests.waiting import until

SOURCE = TP("reviews", 0)
LIMIT_S = 10


class Broker:
    """Takes commits, or fails as often as it was told to."""

    def __init__(self) -> None:
        self.commits: list[dict[TP, Position]] = []
        self.failures: list[Exception] = []
        self.taken = asyncio.Event()

    async def commit(self, positions: Mapping[TP, Position]) -> None:
        if self.failures:
            raise self.failures.pop()
        self.commits.append(dict(positions))
        self.taken.set()


class ScriptedDelivery(AtLeastOnce):
    """Delivers, unless it was told to fail."""

    def __init__(self, publisher: MemoryPublisher) -> None:
        super().__init__(publisher)
        self.failure: StreamsError | None = None
        self.stopped = False

    async def settle(self, position: Position) -> Mapping[TP, int]:
        if self.failure is not None:
            raise self.failure
        return await super().settle(position)

    async def stop(self) -> None:
        self.stopped = True


class Bench:
    """An engine on one partition, everything around it in memory."""

    def __init__(self, *, window_records: int = 1000, drain_timeout_s: float = LIMIT_S) -> None:
        self.model = fake()
        self.publisher = MemoryPublisher()
        self.broker = Broker()
        self.partition = MemoryPartition(topic=SOURCE.topic)
        self.restored: list[list[TP]] = []
        self.committed = 0
        self.opened = asyncio.Event()
        stage = Stage(
            handler=Handler(),
            decoder=Decoder(ReviewEvent),
            inference=self.model,
            topics=Topics(),
        )
        limits = Limits(
            window_records=window_records,
            window_bytes=1 << 20,
            commit_interval_s=0.001,
            drain_timeout_s=drain_timeout_s,
            revoke_timeout_s=drain_timeout_s,
        )
        self.deliveries: list[ScriptedDelivery] = []
        ports = Ports(
            commit=self.broker.commit,
            reopen=self.reopen,
            state_ready=self._state_ready,
            new_delivery=self._new_delivery,
        )
        self.engine = Engine(stages={SOURCE.topic: stage}, limits=limits, ports=ports)

    def _new_delivery(self, tp: TP) -> ScriptedDelivery:
        self.deliveries.append(ScriptedDelivery(self.publisher))
        return self.deliveries[-1]

    async def _state_ready(self, tps: Iterable[TP]) -> None:
        self.restored.append(list(tps))

    async def open(self, start: int = 0) -> None:
        await self.engine.partitions_assigned([SOURCE])
        self.committed = start
        await self.reopen(SOURCE)

    async def reopen(self, tp: TP) -> None:
        await self.engine.partitions_opened([tp])
        self.engine.frontier(tp).open(Position(self.committed))
        self.partition.next_offset = self.committed
        self.opened.set()

    def feed(self, count: int) -> None:
        values = [review(n) for n in range(count)]
        for chunk in self.partition.chunks(self.engine.frontier(SOURCE), values):
            self.engine.accept(chunk)

    async def revoke(self) -> None:
        self.engine.frontier(SOURCE).shut()
        await self.engine.partitions_revoked([SOURCE])


async def test_a_drain_finishes_and_commits_what_is_in_flight() -> None:
    bench = Bench()
    await bench.open()
    bench.feed(3)
    bench.feed(2)
    await bench.revoke()
    assert len(bench.publisher.values("review-labels")) == 5
    assert bench.broker.commits == [{SOURCE: Position(5)}]


async def test_a_drain_that_takes_too_long_drops_what_the_next_owner_will_do_again() -> None:
    bench = Bench(drain_timeout_s=0.05)
    await bench.open()
    bench.model.gate.clear()
    bench.feed(3)
    await bench.revoke()
    bench.model.gate.set()
    await bench.open(0)
    assert bench.publisher.published == []
    assert bench.broker.commits == []
    bench.feed(3)
    await bench.revoke()
    assert bench.broker.commits == [{SOURCE: Position(3)}]


async def test_a_chunk_of_an_earlier_epoch_is_not_worked_on() -> None:
    bench = Bench()
    await bench.open()
    (stale,) = bench.partition.chunks(bench.engine.frontier(SOURCE), [review(0)])
    bench.engine.frontier(SOURCE).shut()
    await bench.open(0)
    bench.engine.accept(stale)
    await bench.revoke()
    assert bench.publisher.published == []


async def test_a_full_window_has_no_room_until_its_outcomes_are_confirmed() -> None:
    bench = Bench(window_records=4)
    await bench.open()
    bench.model.gate.clear()
    bench.feed(3)
    assert bench.engine.has_room(SOURCE)
    bench.feed(3)
    assert not bench.engine.has_room(SOURCE)
    bench.model.gate.set()
    await bench.revoke()
    assert bench.engine.has_room(SOURCE)


@pytest.mark.parametrize("error", [CommitError("no answer"), CommitFenced("another's")])
async def test_a_failed_commit_is_tried_again_and_never_counted_as_done(error: Exception) -> None:
    bench = Bench()
    await bench.open()
    bench.broker.failures = [error]
    bench.feed(2)
    clock = asyncio.create_task(bench.engine.run_commits())
    async with asyncio.timeout(LIMIT_S):
        await bench.broker.taken.wait()
    clock.cancel()
    assert bench.broker.commits == [{SOURCE: Position(2)}]
    assert bench.broker.failures == []


async def test_what_ends_a_pipeline_ends_the_commits_with_its_cause() -> None:
    bench = Bench()
    await bench.open()

    async def defect(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    bench.model.answer = defect  # type: ignore[assignment,method-assign]
    bench.feed(1)
    with pytest.raises(StreamsError) as caught:
        await asyncio.wait_for(bench.engine.run_commits(), LIMIT_S)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert bench.broker.commits == []


async def test_a_lost_transaction_begins_again_at_the_committed_position() -> None:
    bench = Bench()
    await bench.open()
    bench.opened.clear()
    bench.deliveries[0].failure = DeliveryLost("told to")
    bench.feed(3)
    async with asyncio.timeout(LIMIT_S):
        await bench.opened.wait()
    bench.deliveries[0].failure = None
    bench.feed(3)
    await bench.revoke()
    assert bench.broker.commits == [{SOURCE: Position(3)}]
    bench.engine.raise_failures()
    assert bench.restored == [[SOURCE]]  # its state is what it was


async def test_state_is_told_of_at_each_assignment() -> None:
    bench = Bench()
    for _ in range(2):
        await bench.open()
        await bench.revoke()
    assert bench.restored == [[SOURCE]] * 2


async def test_a_fenced_partition_is_left_alone_until_it_is_assigned_again() -> None:
    bench = Bench()
    await bench.open()
    bench.deliveries[0].failure = DeliveryFenced("told to")
    bench.feed(3)
    await until(lambda: not bench.engine.frontier(SOURCE).is_open)
    bench.engine.raise_failures()
    await bench.revoke()
    assert bench.deliveries[0].stopped
    assert bench.broker.commits == []
    await bench.open()
    bench.feed(1)
    await bench.revoke()
    assert bench.broker.commits == [{SOURCE: Position(1)}]
