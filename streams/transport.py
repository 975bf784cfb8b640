"""Faust's transport with chunks in place of single messages.

Faust's own fetch loop costs a task, a queue entry and a decode for each event, and its
acknowledgements can pass a message still in flight. This one hands an agent one message a chunk
of a partition; what is done is kept in the partition's `Frontier`, never in Faust's ack lists.
Changelogs of tables are read by `streams.restore`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import isawaitable
from itertools import zip_longest
from typing import Any, Protocol, cast

import aiokafka
import structlog
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
    NoError,
    RebalanceInProgressError,
    UnknownMemberIdError,
    for_code,
)
from aiokafka.protocol.group import HeartbeatRequest, LeaveGroupRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.chunks import Chunk, Record, make_chunks, record_size
from streams.errors import CommitError, CommitFenced
from streams.frontier import Frontier
from streams.position import Position, beginning, decode_metadata, encode_metadata
from streams.retries import again

log = structlog.get_logger(__name__)

FETCH_WAIT_S = 0.25
"""How long a fetch waits for a first record; a rebalance waits no longer than this for it."""
RETRY_WAIT_S = 0.02
"""The same while a full window keeps a partition out of the fetch: it may open at any moment."""
IDLE_BROKER_WAIT_MS = 100
"""How long the broker may keep a fetch that finds nothing, where nothing came before: it asks for
all partitions, and the first record of any ends it."""
FLOWING_BROKER_WAIT_MS = 2
"""The same while records come. The client has one fetch a broker under way: a partition whose
records were just taken is not in it, and its next ones wait for its end."""
NOT_MEMBER = (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
"""What the client says where the group has moved on."""


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


class ChunkConsumerThread(driver.AIOKafkaConsumerThread):
    """The client's thread: reads what is committed, and answers where Faust's would crash."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust hard-codes both; the client takes them over when it starts.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = IDLE_BROKER_WAIT_MS
        return consumer

    async def on_thread_stop(self) -> None:
        """Stop the client, also where it answers with the cancellation of its own fetch.

        It does while no broker answers. That would end the thread before it has said so, and
        whoever waits for its end waits for a minute.
        """
        (ended,) = await asyncio.gather(super().on_thread_stop(), return_exceptions=True)
        if ended is not None:
            log.warning("the client broke at its stop", action="stop_broken", error=repr(ended))
            if self._consumer is not None:  # its stop has not come that far
                await self._consumer._client.close()

    def wait_at_broker(self, wait_ms: int) -> None:
        """Let the next fetches that find nothing wait so long for a first record."""
        self._ensure_consumer()._fetcher._fetch_max_wait_ms = wait_ms

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return what `fun` returns in the thread.

        Faust's own queue runs two calls at a time there, of which the fetch, waiting for records,
        is one: commits would wait for the fetch and the fetch for commits.
        """

        async def call() -> Any:
            answer = fun(*args, **kwargs)
            return await answer if isawaitable(answer) else answer

        running = asyncio.run_coroutine_threadsafe(call(), self.thread_loop)
        return await asyncio.wrap_future(running)

    async def commit_positions(self, positions: Mapping[TP, Position]) -> None:
        """Commit; raises `CommitFenced` if the partitions are another's, else `CommitError`."""
        await self.call_thread(self._commit_positions, positions)

    async def _commit_positions(self, positions: Mapping[TP, Position]) -> None:
        wanted = {
            TopicPartition(tp.topic, tp.partition): OffsetAndMetadata(
                position.offset, encode_metadata(position)
            )
            for tp, position in positions.items()
        }
        try:
            await self._ensure_consumer().commit(wanted)
        except NOT_MEMBER as error:
            raise CommitFenced(f"the group has moved on: {type(error).__name__}") from error
        except KafkaError as error:
            raise CommitError(f"offsets were not committed: {error!r}") from error

    async def committed(self, tp: TP) -> Position | None:
        """Return the committed position, None if there is none; raises `CommitError`."""
        found: Position | None = await self.call_thread(self._committed, tp)
        return found

    async def _committed(self, tp: TP) -> Position | None:
        wanted = TopicPartition(tp.topic, tp.partition)
        coordinator = self._ensure_consumer()._coordinator
        try:
            committed = (await coordinator.fetch_committed_offsets([wanted])).get(wanted)
        except KafkaError as error:
            raise CommitError(f"the committed position is not known: {error!r}") from error
        if committed is None or committed.offset < 0:
            return None
        try:
            return decode_metadata(committed.offset, committed.metadata)
        except ValueError as error:
            log.warning(str(error), action="metadata_unknown", partition=tp.partition)
            return Position(committed.offset)

    async def is_member(self) -> bool:
        """Whether the group still counts on this worker; raises `CommitError`."""
        is_member: bool = await self.call_thread(self._is_member)
        return is_member

    async def _is_member(self) -> bool:
        coordinator = self._ensure_consumer()._coordinator
        if coordinator.generation < 0:
            return False
        try:
            await coordinator.ensure_coordinator_known()
            request = HeartbeatRequest(
                coordinator.group_id, coordinator.generation, coordinator.member_id
            )
            answer = for_code((await coordinator._send_req(request)).error_code)
        except KafkaError as error:
            raise CommitError(f"the membership is not known: {error!r}") from error
        if answer is NoError or answer in NOT_MEMBER:
            return answer is NoError
        raise CommitError(f"the membership is not known: {answer.__name__}")

    async def leave_group(self) -> None:
        """Give up a static member's seat, which a stop keeps for a quick restart."""
        await self.call_thread(self._leave_group)

    async def _leave_group(self) -> None:
        coordinator = self._ensure_consumer()._coordinator
        try:
            await coordinator._send_req(
                LeaveGroupRequest(coordinator.group_id, coordinator.member_id)
            )
        except KafkaError as error:
            log.warning("the seat stays until its timeout", action="leave_failed", error=str(error))


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
