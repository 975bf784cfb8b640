"""Tables back from their changelogs, after an assignment.

Faust's own recovery reads changelogs through the group's consumer, a message at a time, and
waits for the offset before the changelog's end: on a transactional changelog that is a commit
marker, which is no message, so it never ends. This one reads them with a consumer of its own, a
fetch at a time, and ends when its position has passed the end and all that was fetched is
applied. When to restore, and what follows, stays Faust's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.types import TP
from mode import Service

from streams.retries import again
from streams.shelves import Entry
from streams.tables import ChunkTable

log = structlog.get_logger(__name__)

FETCH_WAIT_MS = 200
"""How long a fetch waits for a first record; at the end of a changelog none comes."""

AGAIN_S = 0.5
"""Before a broker that did not answer is asked again."""

NewConsumer = Callable[[], AIOKafkaConsumer]
"""Makes a consumer without a group that reads what is committed."""


class ChunkRecovery(Recovery):
    """Faust's recovery with the reading replaced."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._standby: asyncio.Future[None] | None = None

    @Service.task
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start.wait()):
                break
            self.signal_recovery_start.clear()
            with contextlib.suppress(RebalanceAgain, IllegalStateError):
                try:
                    await self._recover(self._generation_id)
                except ServiceStopped:
                    break

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Do nothing: no changelog comes through the group's consumer."""

    async def _recover(self, generation: int) -> None:
        await self._stop_following()
        self._set_recovery_started()
        await self._wait(self.restore(sorted(self.active_tps)))
        await self._wait(self.on_recovery_completed(generation))
        self.begin_following()

    def begin_following(self) -> None:
        """Follow the standbys' changelogs; a failure ends the worker, as one of a recovery does."""
        if self.standby_tps:
            self._standby = self.add_future(self.follow(sorted(self.standby_tps)))

    async def on_stop(self) -> None:
        """Stop following."""
        await self._stop_following()
        await super().on_stop()

    async def _stop_following(self) -> None:
        standby, self._standby = self._standby, None
        if standby is not None:
            standby.cancel()
            await asyncio.wait([standby])

    async def restore(self, tps: Sequence[TP]) -> None:
        """Bring the tables of these changelog partitions to their present ends."""
        if tps:
            await _until_done(lambda: self._restore(tps))

    async def follow(self, tps: Sequence[TP]) -> None:
        """Keep standbys up to date, for ever."""
        await _until_done(lambda: self._follow(tps))

    async def _restore(self, tps: Sequence[TP]) -> None:
        async with _running(self._new_consumer()) as consumer:
            await self._read(consumer, tps)

    async def _follow(self, tps: Sequence[TP]) -> None:
        async with _running(self._new_consumer()) as consumer:
            await self._read(consumer, tps)
            self.tables.on_standbys_ready()
            while True:
                await self._apply_next(consumer)

    def _new_consumer(self) -> AIOKafkaConsumer:
        return cast(ChunkTableManager, self.tables).new_consumer()

    async def _read(self, consumer: AIOKafkaConsumer, tps: Sequence[TP]) -> None:
        """Apply the changelogs to their present ends."""
        partitions = [TopicPartition(tp.topic, tp.partition) for tp in tps]
        consumer.assign(partitions)
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        for tp in partitions:
            consumer.seek(tp, self._start(tp, begins[tp], ends[tp]))
        left = set(partitions)
        while left:
            await self._apply_next(consumer)
            left = {tp for tp in left if await consumer.position(tp) < ends[tp]}

    def _start(self, tp: TopicPartition, begin: int, end: int) -> int:
        """Return where to read from; what the store knows beyond the changelog is void."""
        table = self._table(tp)
        applied = table.applied_offset(tp.partition)
        if applied is None:
            return begin
        if begin <= applied + 1 <= end:
            return applied + 1
        log.warning(
            "the local state does not fit its changelog: it is restored from its beginning",
            action="state_reset",
            topic=tp.topic,
            partition=tp.partition,
        )
        table.forget(tp.partition)
        return begin

    async def _apply_next(self, consumer: AIOKafkaConsumer) -> None:
        fetched: Mapping[TopicPartition, Sequence[ConsumerRecord[Any, Any]]]
        fetched = await consumer.getmany(timeout_ms=FETCH_WAIT_MS)
        for tp, records in fetched.items():
            self._table(tp).restore(_entries(records), tp.partition)
            await asyncio.sleep(0)

    def _table(self, tp: TopicPartition) -> ChunkTable:
        return cast(ChunkTable, self.tables._changelogs[tp.topic])


class ChunkTableManager(TableManager):
    """Faust's table manager with our recovery."""

    new_consumer: NewConsumer

    @property
    def recovery(self) -> ChunkRecovery:
        """Recovery service used by this table manager."""
        if self._recovery is None:
            self._recovery = ChunkRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return cast(ChunkRecovery, self._recovery)


def _entries(records: Iterable[ConsumerRecord[Any, Any]]) -> Iterable[Entry]:
    return (Entry(record.key, record.value, record.offset) for record in records)


async def _until_done(read: Callable[[], Awaitable[None]]) -> None:
    """Read, anew from where the stores end while no broker answers or the disk is full."""
    await again(lambda: _until_answered(read), "tables")


async def _until_answered(read: Callable[[], Awaitable[None]]) -> None:
    """Read, anew from where the stores end while no broker answers."""
    while True:
        try:
            return await read()
        except KafkaError as error:
            if not error.retriable:
                raise
            log.warning("will read a changelog again", action="restore_again", error=repr(error))
        await asyncio.sleep(AGAIN_S)


@contextlib.asynccontextmanager
async def _running(consumer: AIOKafkaConsumer) -> Any:
    try:
        await consumer.start()
        yield consumer
    finally:
        # A consumer without a group may answer its own stop with a cancellation.
        await asyncio.gather(consumer.stop(), return_exceptions=True)
