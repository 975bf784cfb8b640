"""Catalogue and knowledge: compacted topics, whole in every worker.

A reader of its own, outside of the consumer group: every worker reads all partitions from the
beginning and goes on listening. The worker takes no events before the first pass is through, so
that no customer is answered from half a knowledge base.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from schemas.codec import Decoder
from schemas.errors import DecodeError
from streams.errors import StartupError

log = structlog.get_logger(__name__)

POLL_MS = 200
MAX_RECORDS = 512

Change = tuple[str, Any | None]
"""A key and the item or entry under it; None where it was taken out."""

Apply = Callable[[Sequence[Change]], Awaitable[None]]
"""Takes changes in the order of the topic."""


class ReferenceReader:
    """Reads one compacted topic, first to its end, then for as long as the worker lives."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        tps: Sequence[TopicPartition],
        decoder: Decoder[Any],
        apply: Apply,
    ) -> None:
        self._consumer = consumer
        self._tps = tps
        self._decoder = decoder
        self._apply = apply

    async def start(self) -> None:
        """Read to the end; raises `StartupError` if the broker does not let it."""
        try:
            await self._consumer.start()
            self._consumer.assign(self._tps)
            await self._consumer.seek_to_beginning(*self._tps)
            await self._read_to(await self._consumer.end_offsets(self._tps))
        except KafkaError as error:
            raise StartupError(
                f"{self._tps[0].topic} cannot be read to its end ({type(error).__name__}): is the "
                "broker up, and may this worker read the topic? See `shopstreams doctor`"
            ) from error

    async def stop(self) -> None:
        """Disconnect."""
        # A consumer without a group may answer its own stop with a cancellation.
        await asyncio.gather(self._consumer.stop(), return_exceptions=True)

    async def run(self) -> None:
        """Go on reading until cancelled."""
        while True:
            try:
                await self._read_some()
            except KafkaError as error:
                log.warning(
                    "will read again",
                    action="reference_retry",
                    topic=self._tps[0].topic,
                    error=type(error).__name__,
                )
                await asyncio.sleep(POLL_MS / 1000)

    async def _read_to(self, ends: Mapping[TopicPartition, int]) -> None:
        for tp, end in ends.items():
            while await self._consumer.position(tp) < end:
                await self._read_some()

    async def _read_some(self) -> None:
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        for records in fetched.values():
            changes = [change for record in records if (change := self._read(record))]
            if changes:
                await self._apply(changes)

    def _read(self, record: ConsumerRecord[bytes, bytes]) -> Change | None:
        key = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            return key, None
        try:
            return key, self._decoder.decode(record.value)
        except DecodeError as error:
            log.warning(
                "left out",
                action="reference_rejected",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                reason=error.reason,
            )
            return None
