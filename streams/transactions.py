"""Exactly once: one transactional producer a source partition.

A transaction holds the outcomes, dead letters and changelogs of what leaves together, and the
position of the source. Three rules make it true:

1. A new owner starts its producer before it reads a position: the transactional id, which names
   the source partition, fences whoever owned it before and ends their open transaction.
2. A commit whose answer was lost may have happened. After any failure a fresh producer is started
   (which waits for the old transaction's end) and the committed position is read: if it is the
   one that was sent, the commit did happen.
3. Only a member of the group may go on after a failure: a worker that was asleep while another
   took over finds out here, and leaves the partition alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed, ProducerFenced
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.types import TP

from streams.errors import CommitError, DeliveryFenced, DeliveryLost
from streams.position import Position, encode_metadata
from streams.publisher import Publication, Publisher, Sent, confirm
from streams.retries import again
from streams.security.forbidden import forbidden

log = structlog.get_logger(__name__)

STOP_TIMEOUT_S = 2.0
"""For a producer that is given up: what it still wanted to say is void."""

NewProducer = Callable[[str], AIOKafkaProducer]
"""Makes a producer with a transactional id."""

_BROKEN = (KafkaError, AssertionError)
"""What the client raises when a transaction cannot go on; it asserts its own states."""


async def require_transactions(new_producer: NewProducer, transactional_id: str) -> None:
    """Use an id that fences nobody, to know now whether we may; raises `AccessRefused`.

    Where partitions are assigned it would be too late: the client swallows what goes wrong there.
    """
    await _give_up(await again(partial(_started, new_producer, transactional_id), "use a new id"))


async def _started(new_producer: NewProducer, transactional_id: str) -> AIOKafkaProducer:
    producer = new_producer(transactional_id)
    try:
        await producer.start()
    except _BROKEN as error:
        await _give_up(producer)
        refused = forbidden(error, transactional_id)
        raise refused or CommitError(f"no transactional producer: {error!r}") from error
    except BaseException:
        await asyncio.shield(_give_up(producer))
        raise
    return producer


class Group(Protocol):
    """What the consumer group says of a partition."""

    async def committed(self, tp: TP) -> Position | None:
        """Return the committed position, None if there is none; raises `CommitError`."""
        ...

    async def is_member(self) -> bool:
        """Whether the group still counts on this worker; raises `CommitError`."""
        ...


class PartitionTransactions:
    """The transactions of one source partition, one after the other."""

    commits_itself = True

    def __init__(
        self,
        source: TP,
        *,
        group_id: str,
        group: Group,
        new_producer: NewProducer,
        linger_s: float,
    ) -> None:
        self.linger_s = linger_s
        self._source = TopicPartition(source.topic, source.partition)
        self._tp = source
        self._group_id = group_id
        self._group = group
        self._new_producer = new_producer
        self._producer: AIOKafkaProducer | None = None
        self._publisher: Publisher | None = None
        self._sent: list[Sent] = []
        self._is_begun = False

    @property
    def transactional_id(self) -> str:
        """The id that fences earlier owners of the partition."""
        return f"{self._group_id}-{self._tp.topic}-{self._tp.partition}"

    async def start(self) -> None:
        """Start a fresh producer, which fences all earlier ones; tries until a broker answers."""
        await self.stop()
        self._producer, self._publisher = await again(self._start, "start a transactional producer")

    async def _start(self) -> tuple[AIOKafkaProducer, Publisher]:
        producer = await _started(self._new_producer, self.transactional_id)
        return producer, Publisher(producer)

    async def send(self, publications: Iterable[Publication]) -> None:
        """Send more within the transaction; raises `DeliveryLost` or `DeliveryFenced`."""
        producer, publisher = self._running()
        try:
            if not self._is_begun:
                await producer.begin_transaction()
                self._is_begun = True
            self._sent += await publisher.send(publications)
        except _BROKEN as error:
            await self._recover(error)
            raise DeliveryLost(f"a transaction broke: {error!r}") from error

    async def settle(self, position: Position) -> Mapping[TP, int]:
        """Commit; raises `DeliveryLost`, `DeliveryFenced` or `OutcomeTooLarge`."""
        producer, _ = self._running()
        last_offsets: Mapping[TP, int] = {}
        try:
            last_offsets = await confirm(self._sent)
            commit = OffsetAndMetadata(position.offset, encode_metadata(position))
            await producer.send_offsets_to_transaction({self._source: commit}, self._group_id)
            await producer.commit_transaction()
        except _BROKEN as error:
            if await self._recover(error) != position:
                raise DeliveryLost(f"a transaction broke: {error!r}") from error
            log.info("a commit was done, its answer lost", action="commit_found")
        self._sent = []
        self._is_begun = False
        return last_offsets

    async def stop(self) -> None:
        """Give up the producer; the broker aborts what is open when the next one starts."""
        producer, self._producer, self._publisher = self._producer, None, None
        sent, self._sent = self._sent, []
        self._is_begun = False
        if producer is not None:
            await asyncio.shield(_give_up(producer))
        for batch in sent:
            _dismiss(batch.metadata)

    async def _recover(self, cause: BaseException) -> Position | None:
        """Return the committed position; it cannot change any more unless we change it."""
        if refused := forbidden(cause):
            raise refused from cause
        log.warning("a transaction broke", action="transaction_broke", error=repr(cause))
        await self.stop()
        if isinstance(cause, ProducerFenced):
            await self._stay_a_member()
        await self.start()
        committed = await again(lambda: self._group.committed(self._tp), "read a position")
        await self._stay_a_member()
        return committed

    async def _stay_a_member(self) -> None:
        if not await again(self._group.is_member, "ask for the membership"):
            await self.stop()
            raise DeliveryFenced(f"{self._tp.topic}-{self._tp.partition} is another worker's")

    def _running(self) -> tuple[AIOKafkaProducer, Publisher]:
        if self._producer is None or self._publisher is None:
            raise DeliveryFenced("the partition's producer is stopped")
        return self._producer, self._publisher


async def _give_up(producer: AIOKafkaProducer) -> None:
    """Stop a producer without a word to the broker.

    The client's own `stop` waits for batches that may never be confirmed, so they are failed
    first, and the connections closed under whatever still waits for an answer. It runs as a task
    of its own: it may answer with the cancellation of its sender, which is none of the caller's.
    """
    producer._message_accumulator.fail_all(ProducerClosed())
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    closing = asyncio.create_task(_close(producer))
    await asyncio.wait([closing], timeout=STOP_TIMEOUT_S)
    _dismiss(closing)
    waiter = producer._txn_manager._transaction_waiter
    if waiter is not None:
        _dismiss(waiter)


async def _close(producer: AIOKafkaProducer) -> None:
    await producer.client.close()
    await producer.stop()


def _dismiss(answer: asyncio.Future[Any]) -> None:
    """Wait for an answer no longer, nor let it complain that nobody asked for its failure.

    A batch that was on its way when its producer was given up is never answered at all.
    """
    if not answer.cancel() and not answer.cancelled():
        answer.exception()
