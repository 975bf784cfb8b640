"""Faust's transport with chunks in place of single messages.

Faust's own fetch loop costs a task, a queue entry and a decode for each event, and its
acknowledgements can pass a message still in flight. This one hands an agent one message a chunk
of a partition; what is done is kept in the partition's `Frontier`, never in Faust's ack lists.
Changelogs of tables and every topic that is not a source keep the stock path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.chunks import Chunk, Record, make_chunk, split
from streams.errors import CommitError, CommitFenced
from streams.frontier import Frontier

FETCH_WAIT_S = 0.25
"""How long a fetch waits for a first record; a rebalance waits no longer than this for it."""
RETRY_WAIT_S = 0.02
"""The same while a full window keeps a partition out of the fetch: it may open at any moment."""
SEEK_TIMEOUT_S = 30.0


class Intake(Protocol):
    """Who owns the partitions' frontiers and says which may be fetched."""

    def frontier(self, tp: TP) -> Frontier:
        """Return the partition's frontier, a new one at first."""
        ...

    def is_source(self, topic: str) -> bool:
        """Whether the topic's records come as chunks."""
        ...

    def has_room(self, tp: TP) -> bool:
        """Whether the partition's window takes another chunk."""
        ...

    async def partitions_opened(self, tps: Iterable[TP]) -> None:
        """Prepare for records of these partitions; their state is restored."""
        ...

    async def drain(self, tps: Iterable[TP]) -> None:
        """Finish and commit what is in flight, in a bounded time."""
        ...


class ChunkConsumerThread(driver.AIOKafkaConsumerThread):
    """The client's thread, with commits that answer instead of crashing the worker."""

    async def commit_frontiers(self, offsets: Mapping[TP, int]) -> None:
        """Commit; raises `CommitFenced` if the partitions are another's, else `CommitError`."""
        await self.call_thread(self._commit_frontiers, offsets)

    async def _commit_frontiers(self, offsets: Mapping[TP, int]) -> None:
        wanted = {
            TopicPartition(tp.topic, tp.partition): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
        }
        try:
            await self._ensure_consumer().commit(wanted)
        except (
            CommitFailedError,
            IllegalGenerationError,
            IllegalStateError,
            RebalanceInProgressError,
            UnknownMemberIdError,
        ) as error:
            raise CommitFenced(f"the group has moved on: {type(error).__name__}") from error
        except KafkaError as error:
            raise CommitError(f"offsets were not committed: {error!r}") from error


class ChunkConsumer(driver.Consumer):
    """Faust's consumer, fetching chunks and asking the frontiers what may pass."""

    intake: Intake

    def _new_consumer_thread(self) -> ChunkConsumerThread:
        return ChunkConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _intake(self) -> Intake:
        return cast(ChunkTransport, self.transport).intake

    async def commit_frontiers(self, offsets: Mapping[TP, int]) -> None:
        """Commit; raises `CommitFenced` if the partitions are another's, else `CommitError`."""
        await cast(ChunkConsumerThread, self._thread).commit_frontiers(offsets)

    def _new_offset(self, tp: TP) -> int | None:
        return None  # Faust's ack lists commit nothing: the frontier does

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: Faust's watchdog looks at ack lists that stay empty here."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Shut the gates, finish what is in flight, then let Faust go on."""
        await self.close_sources(revoked)
        await super().on_partitions_revoked(revoked)

    async def close_sources(self, tps: Iterable[TP]) -> None:
        """Shut the gates of the sources among `tps` and drain them."""
        sources = [tp for tp in tps if self._intake.is_source(tp.topic)]
        for tp in sources:
            self._intake.frontier(tp).shut()
        await self._intake.drain(sources)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets and only then open the gates."""
        await super().perform_seek()
        sources = [tp for tp in self.assignment() if self._intake.is_source(tp.topic)]
        starts = await self._starts(sources)
        await self._intake.partitions_opened(sources)
        for tp in sources:
            self._intake.frontier(tp).open(starts[tp])

    async def _starts(self, sources: Sequence[TP]) -> Mapping[TP, int]:
        """Return where each partition starts: its committed offset, else its earliest.

        A start must be known even where nothing was committed: records of a fetch that began
        before this seek are dropped, and without a start there is nowhere to seek back to.
        """
        read = {tp: self._read_offset[tp] for tp in sources}
        committed = {tp: at for tp, at in read.items() if at is not None and at >= 0}
        unknown = [tp for tp in sources if tp not in committed]
        if unknown:
            earliest = await self.earliest_offsets(*unknown)
            committed.update({tp: earliest[tp] for tp in unknown})
            await self.seek_wait({tp: earliest[tp] for tp in unknown})
        return committed

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._fetch_once()
        except ConsumerStoppedError:
            if not self.app.should_stop:
                raise

    async def _fetch_once(self) -> None:
        if not self.flow_active:
            await self.wait_first(self.can_resume_flow.wait())
        active = set(self._get_active_partitions())
        wanted = {tp for tp in active if self._is_wanted(tp)}
        if not wanted:
            await asyncio.sleep(RETRY_WAIT_S)
            return
        generation = self.app.consumer_generation_id
        epochs = {tp: self._intake.frontier(tp).epoch for tp in self._sources(wanted)}
        wait = FETCH_WAIT_S if len(wanted) == len(active) else RETRY_WAIT_S
        fetched = await self._getmany(wanted, wait)
        for tp, records in fetched.items():
            if self._intake.is_source(tp.topic):
                await self._take_in(tp, records, epochs.get(tp, -1), generation)
            else:
                await self._deliver_stock(tp, records)
        await asyncio.sleep(0)

    def _sources(self, tps: Iterable[TP]) -> Iterable[TP]:
        return (tp for tp in tps if self._intake.is_source(tp.topic))

    def _is_wanted(self, tp: TP) -> bool:
        if not self._intake.is_source(tp.topic):
            return True
        return self._intake.frontier(tp).is_open and self._intake.has_room(tp)

    async def _take_in(
        self, tp: TP, records: Sequence[Record], epoch: int, generation: int
    ) -> None:
        frontier = self._intake.frontier(tp)
        start = frontier.fresh(epoch, [record.offset for record in records])
        if start is None:
            await self._put_back(tp, frontier)
            return
        for run in split(records[start:]):
            if frontier.epoch != epoch:
                return  # revoked meanwhile: the rest comes again after the next seek
            chunk = make_chunk(run, epoch)
            frontier.take_in(chunk.span)
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            await self.callback(self._chunk_message(tp, chunk, generation))

    async def _put_back(self, tp: TP, frontier: Frontier) -> None:
        """Seek back to the ledger: what was fetched in another epoch belongs to nobody."""
        if frontier.is_open and tp in self.assignment():
            await self.seek_wait({tp: frontier.next_offset})

    def _chunk_message(self, tp: TP, chunk: Chunk, generation: int) -> ConsumerMessage:
        first = chunk.records[0]
        return ConsumerMessage(
            chunk.topic,
            chunk.partition,
            first.offset,
            first.timestamp / 1000.0,
            0,  # created by the producer
            [],
            None,
            cast(bytes, chunk),  # the chunk codec passes it on as it is
            None,
            0,
            chunk.span.size,
            tp,
            generation_id=generation,
        )

    async def _deliver_stock(self, tp: TP, records: Sequence[Any]) -> None:
        for record in records:
            await self.wait_first(
                self.callback(self._to_message(tp, record)), self.suspend_flow.wait()
            )
            self._read_offset[tp] = record.offset


class ChunkTransport(driver.Transport):
    """Faust's aiokafka transport with our consumer."""

    Consumer = ChunkConsumer
    intake: Intake
