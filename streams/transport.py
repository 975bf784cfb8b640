"""Faust's transport with chunks in place of single messages.

Faust's own fetch loop costs a task, a queue entry and a decode for each event, and its
acknowledgements can pass a message still in flight. This one hands an agent one message a chunk
of a partition; what is done is kept in the partition's `Frontier`, never in Faust's ack lists.
Changelogs of tables are read by `streams.restore`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Protocol, cast

import structlog
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.chunks import Chunk, Record, make_chunks, record_size
from streams.consumer_thread import IDLE_BROKER_WAIT_MS, ChunkConsumerThread
from streams.frontier import Frontier
from streams.position import Position, beginning
from streams.retries import again

log = structlog.get_logger(__name__)

FETCH_WAIT_S = 0.25
"""How long a fetch waits for a first record; a rebalance waits no longer than this for it."""
RETRY_WAIT_S = 0.02
"""The same while a full window keeps a partition out of the fetch: it may open at any moment."""
FLOWING_BROKER_WAIT_MS = 2
"""The same while records come. The client has one fetch a broker under way: a partition whose
records were just taken is not in it, and its next ones wait for its end."""


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

    async def partitions_assigned(self, tps: Iterable[TP]) -> None:
        """Fence earlier owners of these partitions."""
        ...

    async def partitions_opened(self, tps: Iterable[TP]) -> None:
        """Prepare for records of these partitions; their state is restored."""
        ...

    async def partitions_revoked(self, tps: Iterable[TP]) -> None:
        """Finish and commit what can be at once, and let go of the rest."""
        ...

    async def drain(self, tps: Iterable[TP]) -> None:
        """Finish and commit what is in flight, in the time for a stop."""
        ...


class ChunkConsumer(driver.Consumer):
    """Faust's consumer, fetching chunks and asking the frontiers what may pass."""

    def _new_consumer_thread(self) -> ChunkConsumerThread:
        return ChunkConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _intake(self) -> Intake:
        return cast(ChunkTransport, self.transport).intake

    @property
    def group(self) -> ChunkConsumerThread:
        """What the consumer group says."""
        return cast(ChunkConsumerThread, self._thread)

    def _new_offset(self, tp: TP) -> int | None:
        return None  # Faust's ack lists commit nothing: the frontier does

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: Faust's watchdog looks at ack lists that stay empty here."""

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Fence earlier owners before anything is read that they may still be writing."""
        await self._intake.partitions_assigned(self._sources(assigned))
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Shut the gates, finish what is in flight, then let Faust go on."""
        await self._intake.partitions_revoked(self._shut(revoked))
        await super().on_partitions_revoked(revoked)

    async def drain(self) -> None:
        """Shut all gates and finish what is in flight; to be called before a stop."""
        await self._intake.drain(self._shut(self.assignment()))

    def _shut(self, tps: Iterable[TP]) -> list[TP]:
        sources = self._sources(tps)
        for tp in sources:
            self._intake.frontier(tp).shut()
        return sources

    async def perform_seek(self) -> None:
        """Seek to the committed positions and only then open the gates."""
        await super().perform_seek()
        await self.open(self._sources(self.assignment()))

    async def open(self, sources: Sequence[TP]) -> None:
        """Let records come from the committed positions on, else from the beginning.

        A start must be known even where nothing was committed: records of a fetch that began
        before this seek are dropped, and without a start there is nowhere to seek back to.
        """
        if not sources:
            return
        await self._intake.partitions_opened(sources)
        starts = await asyncio.gather(*(self._committed(tp) for tp in sources))
        earliest = await self.earliest_offsets(*sources)
        ends = await self.highwaters(*sources)
        positions = {
            tp: _begin(tp, committed, earliest[tp], ends[tp])
            for tp, committed in zip(sources, starts, strict=True)
        }
        await self.seek_wait({tp: position.offset for tp, position in positions.items()})
        for tp, position in positions.items():
            self._intake.frontier(tp).open(position)

    async def _committed(self, tp: TP) -> Position | None:
        return await again(lambda: self.group.committed(tp), "read a position")

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._fetch_once()
        except (ConsumerStoppedError, asyncio.CancelledError):
            # Faust takes a cancellation in a rebalance for a crash, even while it stops itself.
            if not (self.app.should_stop or fetcher.should_stop):
                raise

    async def _fetch_once(self) -> None:
        if not self.flow_active:
            await self.wait_first(self.can_resume_flow.wait())
        sources = self._sources(self._get_active_partitions())
        wanted = {tp for tp in sources if self._is_wanted(tp)}
        if not wanted:
            await asyncio.sleep(RETRY_WAIT_S)
            return
        generation = self.app.consumer_generation_id
        epochs = {tp: self._intake.frontier(tp).epoch for tp in wanted}
        wait = FETCH_WAIT_S if len(wanted) == len(sources) else RETRY_WAIT_S
        fetched = await self._getmany(wanted, wait)
        self.group.wait_at_broker(FLOWING_BROKER_WAIT_MS if fetched else IDLE_BROKER_WAIT_MS)
        taken = [
            await self._take_in(tp, records, epochs.get(tp, -1)) for tp, records in fetched.items()
        ]
        for tp, chunk in _in_turn(taken):
            if self._intake.frontier(tp).epoch == chunk.epoch:
                await self.callback(self._chunk_message(tp, chunk, generation))
        await asyncio.sleep(0)

    def _sources(self, tps: Iterable[TP]) -> list[TP]:
        return [tp for tp in tps if self._intake.is_source(tp.topic)]

    def _is_wanted(self, tp: TP) -> bool:
        return self._intake.frontier(tp).is_open and self._intake.has_room(tp)

    async def _take_in(
        self, tp: TP, records: Sequence[Record], epoch: int
    ) -> list[tuple[TP, Chunk]]:
        frontier = self._intake.frontier(tp)
        offsets = [record.offset for record in records]
        taken = frontier.take_in(epoch, offsets, [record_size(record) for record in records])
        if taken is None:
            await self._put_back(tp, frontier)
            return []
        self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        return [(tp, chunk) for chunk in make_chunks(tp, records, taken, epoch)]

    async def _put_back(self, tp: TP, frontier: Frontier) -> None:
        """Seek back to the ledger: what was fetched in another epoch belongs to nobody."""
        if frontier.is_open and tp in self.assignment():
            await self.seek_wait({tp: frontier.next_offset})

    def _chunk_message(self, tp: TP, chunk: Chunk, generation: int) -> ConsumerMessage:
        first = chunk.records[0]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            first.offset,
            first.timestamp / 1000.0,
            0,  # created by the producer
            [],
            None,
            cast(bytes, chunk),  # the chunk codec passes it on as it is
            None,
            0,
            0,  # bytes: nobody asks a chunk for them
            tp,
            generation_id=generation,
        )


def _begin(tp: TP, committed: Position | None, earliest: int, end: int) -> Position:
    begin = beginning(committed, earliest, end)
    if committed is not None and begin != committed:
        log.warning(
            "the committed position is not in the log: beginning with what there is",
            action="position_lost",
            topic=tp.topic,
            partition=tp.partition,
            committed=committed.offset,
            begin=begin.offset,
            earliest=earliest,
            end=end,
        )
    return begin


def _in_turn(taken: Sequence[Sequence[tuple[TP, Chunk]]]) -> Iterator[tuple[TP, Chunk]]:
    """Yield a chunk of each partition in turn, so that none waits for all of another's."""
    for turn in zip_longest(*taken):
        yield from (one for one in turn if one is not None)


class ChunkTransport(driver.Transport):
    """Faust's aiokafka transport with our consumer."""

    Consumer = ChunkConsumer
    intake: Intake
