"""Outcomes out: record batches to the broker, confirmed.

1. Every outcome is put into a batch of the partition that its key chooses.
2. The batches are sent; within a partition in the order in which they were filled.
3. `publish` returns when the broker has confirmed all of them. Only then may a frontier move.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.errors import PublishError

BATCH_BYTES = 512 * 1024
"""Half of what a broker takes by default: a batch's overhead never pushes it over."""
MAX_REQUEST_BYTES = 4 * 1024 * 1024

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One record to be published."""

    topic: str  # as the broker calls it
    key: bytes | None  # chooses the partition, as Kafka's own clients do
    value: bytes | None  # None takes a key out of a compacted topic
    partition: int | None = None  # set for changelogs, whose partition is their source's
    headers: Headers = ()


class Publisher:
    """The worker's one producer."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._partitioner = DefaultPartitioner()
        self._partitions: dict[str, list[int]] = {}

    async def start(self) -> None:
        """Connect; raises `KafkaError` if no broker answers."""
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is left and disconnect."""
        await self._producer.stop()

    async def publish(self, publications: Iterable[Publication]) -> None:
        """Send all and wait until the broker has them; raises `PublishError` otherwise.

        After an error any of the records may have been written: publishing all of them again
        repeats some, and loses none.
        """
        try:
            batches = await self._fill(publications)
            confirmations = [
                await self._producer.send_batch(batch, topic, partition=partition)
                for topic, partition, batch in batches
            ]
            await asyncio.gather(*confirmations)
        except KafkaError as error:
            raise PublishError(f"{type(error).__name__}: {error}") from error

    async def _fill(
        self, publications: Iterable[Publication]
    ) -> list[tuple[str, int, BatchBuilder]]:
        now_ms = int(time.time() * 1000)
        filling: dict[tuple[str, int], BatchBuilder] = {}
        batches: list[tuple[str, int, BatchBuilder]] = []
        for publication in publications:
            place = publication.topic, await self._partition_of(publication)
            batch = filling.get(place)
            if batch is None or not _append(batch, publication, now_ms):
                batch = filling[place] = self._producer.create_batch()
                batches.append((*place, batch))
                _append(batch, publication, now_ms)
        return batches

    async def _partition_of(self, publication: Publication) -> int:
        if publication.partition is not None:
            return publication.partition
        partitions = self._partitions.get(publication.topic)
        if partitions is None:
            known = await self._producer.partitions_for(publication.topic)
            partitions = self._partitions[publication.topic] = sorted(known)
        return int(self._partitioner(publication.key, partitions, partitions))


def _append(batch: BatchBuilder, publication: Publication, now_ms: int) -> bool:
    """Return whether the record fitted; an empty batch takes a record of any size."""
    metadata = batch.append(
        key=publication.key,
        value=publication.value,
        timestamp=now_ms,
        headers=list(publication.headers),
    )
    return metadata is not None
