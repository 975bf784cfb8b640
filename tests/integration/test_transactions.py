"""Exactly once on a real broker: each rule of `streams.transactions`, and what breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.structs import TopicPartition
from faust.types import TP

from streams.errors import DeliveryFenced, DeliveryLost, OutcomeTooLarge
from streams.position import Position, decode_metadata
from streams.publisher import Publication
from streams.transactions import NewProducer, PartitionTransactions
from tests.kafka.helpers import create_topics, read_all, unique

LIMIT_S = 20.0


class CommittedPositions:
    """Reads committed positions as the consumer does; membership is what the test says."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.member = True

    async def committed(self, tp: TP) -> Position | None:
        wanted = TopicPartition(tp.topic, tp.partition)
        coordinator = self._consumer._coordinator
        found = (await coordinator.fetch_committed_offsets([wanted])).get(wanted)
        if found is None or found.offset < 0:
            return None
        return decode_metadata(found.offset, found.metadata)

    async def is_member(self) -> bool:
        return self.member


class Shop:
    """A source, an outcome topic and the group's positions on a broker."""

    def __init__(self, kafka: str, group: CommittedPositions, group_id: str) -> None:
        self.kafka = kafka
        self.group = group
        self.group_id = group_id
        self.out = unique("out")
        self.source = TP(unique("source"), 0)
        create_topics(kafka, [self.out, self.source.topic], partitions=1)

    def producer(self, transactional_id: str) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self.kafka, transactional_id=transactional_id, retry_backoff_ms=20
        )

    @asynccontextmanager
    async def owner(
        self, new_producer: NewProducer | None = None
    ) -> AsyncIterator[PartitionTransactions]:
        transactions = PartitionTransactions(
            self.source,
            group_id=self.group_id,
            group=self.group,
            new_producer=new_producer or self.producer,
            linger_s=0.05,
        )
        await transactions.start()
        try:
            yield transactions
        finally:
            await transactions.stop()

    def outcome(self, value: str) -> Publication:
        return Publication(topic=self.out, key=b"k", value=value.encode())

    def seen(self, count: int) -> list[bytes | None]:
        return [message.value() for message in read_all(self.kafka, self.out, count, partitions=1)]


@pytest.fixture
async def shop(kafka: str) -> AsyncIterator[Shop]:
    group_id = unique("group")
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group_id)
    await consumer.start()
    yield Shop(kafka, CommittedPositions(consumer), group_id)
    await consumer.stop()


async def test_outcomes_and_position_become_visible_together(shop: Shop) -> None:
    position = Position(3, ((5, 6), (9, 9)))
    async with shop.owner() as owner:
        await owner.send([shop.outcome("a")])
        await owner.send([shop.outcome("b")])
        assert await shop.group.committed(shop.source) is None
        last_offsets = await owner.settle(position)
        assert last_offsets == {TP(shop.out, 0): 1}
        # The broker answers a commit before the offsets' partition has its marker. Whoever takes
        # over is not deceived: a producer with the same id does not start before.
        async with shop.owner():
            assert await shop.group.committed(shop.source) == position
    assert shop.seen(2) == [b"a", b"b"]


async def test_a_new_owner_ends_what_the_old_one_left_open(shop: Shop) -> None:
    async with shop.owner() as old:
        await old.send([shop.outcome("left open")])
        async with shop.owner() as new:
            await new.send([shop.outcome("new")])
            await new.settle(Position(1))
        shop.group.member = False
        with pytest.raises(DeliveryFenced):
            await old.settle(Position(1))
        with pytest.raises(DeliveryFenced):
            await old.send([shop.outcome("too late")])
    assert shop.seen(1) == [b"new"]


async def test_an_owner_whose_transaction_the_broker_gave_up_goes_on(shop: Shop) -> None:
    async with shop.owner() as owner:
        await owner.send([shop.outcome("given up")])
        async with shop.owner():  # fences the one above, which is still a member
            pass
        with pytest.raises(DeliveryLost):
            await owner.settle(Position(1))
        await owner.send([shop.outcome("again")])
        await owner.settle(Position(1))
    assert shop.seen(1) == [b"again"]


async def test_what_is_too_large_for_its_topic_is_not_tried_for_ever(shop: Shop) -> None:
    async with shop.owner() as owner:
        await owner.send([shop.outcome("fits")])
        await owner.send([shop.outcome("x" * 2_000_000)])
        with pytest.raises(OutcomeTooLarge, match=shop.out):
            await owner.settle(Position(2))
    assert await shop.group.committed(shop.source) is None


class BrokenOnce:
    """Makes producers of which the first commit fails, before or after it is done."""

    def __init__(self, shop: Shop, *, is_done: bool) -> None:
        self._shop = shop
        self._is_done = is_done
        self.broke = False

    def __call__(self, transactional_id: str) -> AIOKafkaProducer:
        producer = self._shop.producer(transactional_id)
        commit = producer.commit_transaction

        async def broken() -> None:
            if self.broke or self._is_done:
                await commit()
            if not self.broke:
                self.broke = True
                raise KafkaError("told to")

        producer.commit_transaction = broken
        return producer


async def test_a_commit_whose_answer_was_lost_is_found_and_not_done_again(shop: Shop) -> None:
    broken = BrokenOnce(shop, is_done=True)
    async with shop.owner(broken) as owner:
        await owner.send([shop.outcome("once")])
        assert await owner.settle(Position(1)) == {TP(shop.out, 0): 0}
        assert broken.broke
        await owner.send([shop.outcome("next")])
        await owner.settle(Position(2))
    assert shop.seen(2) == [b"once", b"next"]


async def test_a_transaction_that_broke_counts_for_nothing(shop: Shop) -> None:
    async with shop.owner(BrokenOnce(shop, is_done=False)) as owner:
        await owner.send([shop.outcome("lost")])
        with pytest.raises(DeliveryLost):
            await owner.settle(Position(1))
        assert await shop.group.committed(shop.source) is None
        await owner.send([shop.outcome("again")])
        await owner.settle(Position(1))
    assert shop.seen(1) == [b"again"]


async def test_an_answer_that_never_comes_does_not_hold_up_the_end(shop: Shop) -> None:
    """Such a batch is neither confirmed nor failed: the client forgets it with its sender."""
    asked = asyncio.Event()

    def deaf(transactional_id: str) -> AIOKafkaProducer:
        producer = shop.producer(transactional_id)
        answered = producer.client.send

        async def send(node_id: int, request: Any, **options: Any) -> Any:
            if not isinstance(request, ProduceRequest):
                return await answered(node_id, request, **options)
            asked.set()
            return await asyncio.Event().wait()

        producer.client.send = send
        return producer

    async with asyncio.timeout(LIMIT_S):
        async with shop.owner(deaf) as owner:
            await owner.send([shop.outcome("lost")])
            await asked.wait()
        async with shop.owner() as owner:
            await owner.send([shop.outcome("again")])
            await owner.settle(Position(1))
    assert shop.seen(1) == [b"again"]
