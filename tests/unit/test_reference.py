"""The reader of reference data, without a broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError
from aiokafka.structs import TopicPartition

from schemas.codec import Decoder
from schemas.reference import CatalogueItem
from streams.errors import StartupError
from streams.reference import Change, ReferenceReader
from streams.testing import MemoryRecord

TP = TopicPartition("shop-catalogue", 0)


class Consumer:
    """Holds one topic; fails at the step that it was told."""

    def __init__(self, records: Sequence[MemoryRecord] = (), failing: str | None = None) -> None:
        self._records = list(records)
        self._failing = failing
        self.error: KafkaError = KafkaConnectionError("told to")
        self._read = 0

    def _step(self, name: str) -> None:
        if name == self._failing:
            raise self.error

    async def start(self) -> None:
        self._step("start")

    def assign(self, tps: Sequence[TopicPartition]) -> None: ...

    async def seek_to_beginning(self, *tps: TopicPartition) -> None:
        self._step("seek_to_beginning")

    async def end_offsets(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        self._step("end_offsets")
        return {TP: len(self._records)}

    async def position(self, tp: TopicPartition) -> int:
        self._step("position")
        return self._read

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[MemoryRecord]]:
        self._step("getmany")
        new, self._read = self._records[self._read :], len(self._records)
        return {TP: new}


def record(offset: int, key: bytes, value: bytes | None) -> MemoryRecord:
    return MemoryRecord(
        topic=TP.topic, partition=0, offset=offset, timestamp=0, key=key, value=value
    )


def reader_of(consumer: Consumer, changes: list[Change]) -> ReferenceReader:
    async def apply(new: Sequence[Change]) -> None:
        changes.extend(new)

    decoder: Decoder[Any] = Decoder(CatalogueItem)
    return ReferenceReader(cast(AIOKafkaConsumer, consumer), [TP], decoder, apply)


@pytest.mark.parametrize(
    "step", ["start", "seek_to_beginning", "end_offsets", "position", "getmany"]
)
async def test_a_broker_that_fails_at_the_start_is_said_in_a_sentence(step: str) -> None:
    consumer = Consumer([record(0, b"p1", None)], failing=step)
    with pytest.raises(StartupError, match=r"shop-catalogue cannot be read .*broker") as caught:
        await reader_of(consumer, []).start()
    assert isinstance(caught.value.__cause__, KafkaConnectionError)


async def test_a_topic_that_may_not_be_read_is_named_with_the_brokers_reason() -> None:
    consumer = Consumer([record(0, b"p1", None)], failing="getmany")
    consumer.error = TopicAuthorizationFailedError("shop-catalogue")
    with pytest.raises(StartupError, match="TopicAuthorizationFailedError"):
        await reader_of(consumer, []).start()


async def test_the_start_reads_to_the_end_and_leaves_out_what_is_no_item() -> None:
    changes: list[Change] = []
    item = b'{"product_id": "p1", "title": "Lamp"}'
    records = [record(0, b"p1", item), record(1, b"p2", b"{"), record(2, b"p3", None)]
    await reader_of(Consumer(records), changes).start()
    assert [(key, found and found.title) for key, found in changes] == [
        ("p1", "Lamp"),
        ("p3", None),
    ]
