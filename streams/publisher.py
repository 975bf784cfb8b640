"""Outcomes out: record batches to the broker, confirmed.

1. Every outcome is put into a batch of the partition that its key chooses.
2. The batches are sent; within a partition in the order in which they were filled.
3. `confirm` returns when the broker has all of them. Only then may a frontier move.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata
from faust.types import TP

from streams.errors import OutcomeTooLarge, PublishError

BATCH_BYTES = 512 * 1024
"""Half of what a broker takes by default: a batch's overhead never pushes it over."""
MAX_REQUEST_BYTES = 4 * 1024 * 1024

KNOWN_KEYS = 65_536
"""Keys whose partitions are remembered: hashing one in Python costs as much as appending it."""

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

Headers = Sequence[tuple[str, bytes]]


@dataclass(kw_only=True, slots=True)
class Publication:
    """One record to be published."""

    topic: str  # as the broker calls it
    key: bytes | None  # chooses the partition, as Kafka's own clients do
    value: bytes | None  # None takes a key out of a compacted topic
    partition: int | None = None  # set for changelogs, whose partition is their source's
    headers: Headers = ()


@dataclass(frozen=True)
class Sent:
    """A batch on its way to the broker."""

    tp: TP
    records: int
    metadata: asyncio.Future[RecordMetadata]


class Publisher:
    """Fills and sends batches of one producer."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._partition = lru_cache(maxsize=KNOWN_KEYS)(_partition)
        self._partitions: dict[str, int] = {}  # how many, by topic

    async def start(self) -> None:
        """Connect; raises `KafkaError` if no broker answers."""
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is left and disconnect."""
        await self._producer.stop()

    async def publish(self, publications: Iterable[Publication]) -> dict[TP, int]:
        """Send all and return the last offset of each partition written to.

        Raises `PublishError`: any of the records may have been written then, so that publishing
        all of them again repeats some, and loses none.
        """
        try:
            return await confirm(await self.send(publications))
        except KafkaError as error:
            raise PublishError(f"{type(error).__name__}: {error}") from error

    async def send(self, publications: Iterable[Publication]) -> list[Sent]:
        """Hand all to the client, in order; raises `KafkaError`."""
        return [
            Sent(tp, batch.record_count(), await self._send(batch, tp))
            for tp, batch in await self._fill(publications)
        ]

    async def _send(self, batch: BatchBuilder, tp: TP) -> asyncio.Future[RecordMetadata]:
        metadata: asyncio.Future[RecordMetadata] = await self._producer.send_batch(
            batch, tp.topic, partition=tp.partition
        )
        return metadata

    async def _fill(self, publications: Iterable[Publication]) -> list[tuple[TP, BatchBuilder]]:
        now_ms = int(time.time() * 1000)
        filling: dict[tuple[str, int], BatchBuilder] = {}
        batches: list[tuple[TP, BatchBuilder]] = []
        for one in publications:
            topic, key, partition = one.topic, one.key, one.partition
            if partition is None:
                count = self._partitions.get(topic) or await self._count_partitions(topic)
                partition = secrets.randbelow(count) if key is None else self._partition(key, count)
            place = (topic, partition)
            batch = filling.get(place)
            if batch is None or not _append(batch, one, now_ms):
                batch = filling[place] = self._producer.create_batch()
                batches.append((TP(*place), batch))
                _append(batch, one, now_ms)
        return batches

    async def _count_partitions(self, topic: str) -> int:
        count = self._partitions[topic] = len(await self._producer.partitions_for(topic))
        return count


async def confirm(sent: Sequence[Sent]) -> dict[TP, int]:
    """Wait until the broker has all; return the last offset by partition.

    Raises `OutcomeTooLarge`, and `KafkaError` for what else the broker or the client says.
    """
    answers = await asyncio.gather(*(batch.metadata for batch in sent), return_exceptions=True)
    for batch, answer in zip(sent, answers, strict=True):
        if isinstance(answer, _TOO_LARGE):
            raise OutcomeTooLarge(batch.tp.topic) from answer
        if isinstance(answer, BaseException):
            raise answer
    metadata = cast(list[RecordMetadata], answers)
    return {
        batch.tp: place.offset + batch.records - 1
        for batch, place in zip(sent, metadata, strict=True)
    }


def _partition(key: bytes, count: int) -> int:
    partitions = list(range(count))
    return int(DefaultPartitioner()(key, partitions, partitions))


def _append(batch: BatchBuilder, one: Publication, now_ms: int) -> bool:
    """Return whether the record fitted; an empty batch takes a record of any size."""
    headers = list(one.headers) if one.headers else []
    added = batch.append(timestamp=now_ms, key=one.key, value=one.value, headers=headers)
    return added is not None
