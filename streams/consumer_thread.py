"""The client's thread of a worker: what the consumer group says, asked where its loop runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any

import aiokafka
import structlog
from aiokafka.errors import (
    CommitFailedError,
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

from streams.errors import CommitError, CommitFenced
from streams.position import Position, decode_metadata, encode_metadata

log = structlog.get_logger(__name__)

IDLE_BROKER_WAIT_MS = 100
"""How long the broker may keep a fetch that finds nothing, where nothing came before: it asks for
all partitions, and the first record of any ends it."""
NOT_MEMBER = (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
"""What the client says where the group has moved on."""


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
