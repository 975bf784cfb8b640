"""All partitions of a worker: their frontiers, deliveries and pipelines, and the commits.

Owns every `Frontier`, `Delivery` and `Pipeline`. The transport asks it what may be fetched and
tells it when partitions come and go; agents hand it chunks. The life of a partition:

1. assigned   its delivery starts, which ends what an earlier owner may still be sending
2. opened     tables are restored and the committed position is read; records may come
3. lost       a transaction broke: it is opened again, at the position that was committed
4. fenced     it is another worker's: nothing is done until it is assigned again
5. drained    what is in flight is finished, or dropped when that takes too long
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from faust.types import TP

from streams.chunks import Chunk
from streams.delivery import Delivery
from streams.errors import CommitError, CommitFenced, DeliveryFenced, DeliveryLost, StreamsError
from streams.frontier import Frontier
from streams.making import Stage
from streams.pipeline import Pipeline
from streams.position import Position
from streams.security.errors import AccessRefused

log = structlog.get_logger(__name__)

_IDLE_POLL_S = 0.002
FENCED_LIMIT_S = 120.0
"""A fenced partition is assigned anew by the rebalance that fenced it; if none comes for so long,
the group and the broker's transactions disagree, and a restart of the worker sorts it out."""

Commit = Callable[[Mapping[TP, Position]], Awaitable[None]]
"""Commits positions; raises `CommitError`."""

Reopen = Callable[[TP], Awaitable[None]]
"""Seeks a partition to its committed position and opens its gate."""

StateReady = Callable[[Iterable[TP]], Awaitable[None]]
"""Told that the state of these partitions is restored, before their records come."""

NewDelivery = Callable[[TP], Delivery]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes and times of the engine."""

    window_records: int  # records in flight a partition before its fetch pauses
    window_bytes: int  # likewise in bytes
    commit_interval_s: float  # between two commits, where the delivery does not commit itself
    drain_timeout_s: float  # for what is in flight when the worker stops
    revoke_timeout_s: float  # for the same at a rebalance, while the whole group waits


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What the engine needs of the world."""

    commit: Commit
    reopen: Reopen
    state_ready: StateReady
    new_delivery: NewDelivery


@dataclass
class _Owned:
    """A partition that is ours."""

    delivery: Delivery
    pipeline: Pipeline | None = None
    epoch: int = -1  # of the gate's opening that the pipeline belongs to
    is_restored: bool = False  # its state, when it was opened first; it is opened again as it is
    fenced_at: float | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)  # reopening


class Engine:
    """Frontiers, deliveries, pipelines and commits of one worker."""

    def __init__(self, *, stages: Mapping[str, Stage], limits: Limits, ports: Ports) -> None:
        self._stages = stages  # by the broker's name of the source
        self._limits = limits
        self._ports = ports
        self._frontiers: dict[TP, Frontier] = {}
        self._owned: dict[TP, _Owned] = {}
        self._committing = asyncio.Lock()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def owned(self) -> Mapping[TP, Frontier]:
        """The frontiers of the partitions that are ours now."""
        return {tp: self.frontier(tp) for tp in self._owned}

    # -- what the transport asks

    def frontier(self, tp: TP) -> Frontier:
        """Return the partition's frontier, a new one at first."""
        return self._frontiers.setdefault(tp, Frontier())

    def is_source(self, topic: str) -> bool:
        """Whether the topic's records come as chunks."""
        return topic in self._stages

    def has_room(self, tp: TP) -> bool:
        """Whether the partition's window takes another chunk."""
        frontier = self.frontier(tp)
        return (
            frontier.records_in_flight < self._limits.window_records
            and frontier.bytes_in_flight < self._limits.window_bytes
        )

    async def partitions_assigned(self, tps: Iterable[TP]) -> None:
        """Fence earlier owners of these partitions."""
        tps = list(tps)
        for tp in tps:
            await self._disown(tp)
            self._owned[tp] = _Owned(self._ports.new_delivery(tp))
        log.info("partitions assigned", action="partitions_assigned", count=len(tps))
        try:
            await asyncio.gather(*(self._owned[tp].delivery.start() for tp in tps))
        except AccessRefused as error:
            self._fail(error)  # whoever called would swallow it
            return
        log.info("earlier owners fenced", action="partitions_fenced", count=len(tps))

    async def partitions_opened(self, tps: Iterable[TP]) -> None:
        """Forget what was in flight before; called before the gates open."""
        tps = list(tps)
        for tp in tps:
            await self._drop(tp)
        new = {tp: self._owned[tp] for tp in tps if tp in self._owned}
        new = {tp: owned for tp, owned in new.items() if not owned.is_restored}
        if new:
            await self._ports.state_ready(new)
        for owned in new.values():
            owned.is_restored = True
        log.info("partitions opened", action="partitions_opened", count=len(tps))

    async def partitions_revoked(self, tps: Iterable[TP]) -> None:
        """Finish what can be finished at once, commit it, and let go of the partitions."""
        await self._release(list(tps), self._limits.revoke_timeout_s)

    async def drain(self, tps: Iterable[TP]) -> None:
        """Finish and commit what is in flight, as far as the time for a stop allows."""
        await self._release(list(tps), self._limits.drain_timeout_s)

    # -- what the agents hand over

    def accept(self, chunk: Chunk) -> None:
        """Start on a chunk, unless its partition was opened anew since it was fetched."""
        tp = chunk.tp
        owned = self._owned.get(tp)
        if owned is None:
            return
        if owned.pipeline is None and self.frontier(tp).epoch == chunk.epoch:
            self._open_pipeline(tp, owned, chunk.epoch)
        if owned.pipeline is not None and owned.epoch == chunk.epoch:
            owned.pipeline.accept(chunk)

    def _open_pipeline(self, tp: TP, owned: _Owned, epoch: int) -> None:
        pipeline = Pipeline(self._stages[tp.topic], tp, self.frontier(tp), owned.delivery)
        owned.pipeline, owned.epoch = pipeline, epoch
        pipeline.failed.add_done_callback(
            lambda failed: self._on_failure(tp, owned, failed.exception())
        )

    # -- failures

    def _on_failure(self, tp: TP, owned: _Owned, error: BaseException | None) -> None:
        if self._owned.get(tp) is not owned:
            return  # it ended while the partition went
        match error:
            case DeliveryLost():
                self._begin(owned, self._reopen(tp))
            case DeliveryFenced():
                self._park(tp, owned)
            case _:
                self._fail(error)

    def _begin(self, owned: _Owned, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        owned.tasks.add(task)
        task.add_done_callback(owned.tasks.discard)

    async def _reopen(self, tp: TP) -> None:
        log.warning("begins again at its committed position", action="reopened", **_names(tp))
        self.frontier(tp).shut()
        try:
            await self._ports.reopen(tp)
        except CommitFenced:
            self._park(tp, self._owned[tp])
        except Exception as error:
            self._fail(error)

    def _park(self, tp: TP, owned: _Owned) -> None:
        log.warning("another worker took over", action="fenced", **_names(tp))
        self.frontier(tp).shut()
        owned.fenced_at = time.monotonic()

    def _fail(self, error: BaseException | None) -> None:
        if not self._failed.done():
            self._failed.set_exception(error or StreamsError("a pipeline ended by itself"))

    def raise_failures(self) -> None:
        """Raise what ended a pipeline, if anything did; it ends the worker."""
        if self._failed.done():
            cause = self._failed.exception()
            what = str(cause) if isinstance(cause, StreamsError) else "a pipeline failed"
            raise StreamsError(what) from cause
        now = time.monotonic()
        for tp, owned in self._owned.items():
            if owned.fenced_at is not None and now - owned.fenced_at > FENCED_LIMIT_S:
                raise StreamsError(
                    f"{tp.topic}-{tp.partition} was fenced and not assigned again: is another"
                    " worker of the same group outside of it?"
                )

    # -- commits

    async def commit(self, tps: Iterable[TP] | None = None) -> None:
        """Commit the frontiers that moved, of `tps` or of all; raises `CommitError`.

        A position that was not confirmed is committed again by the next call.
        """
        async with self._committing:
            positions = self._moved(self._owned if tps is None else tps)
            if not positions:
                return
            await self._ports.commit(positions)
            for tp, position in positions.items():
                self.frontier(tp).confirm(position)

    async def run_commits(self) -> None:
        """Commit on the clock until cancelled; raises what ended a pipeline."""
        while True:
            await asyncio.sleep(self._limits.commit_interval_s)
            self.raise_failures()
            await self._commit_or_warn(None)

    async def _commit_or_warn(self, tps: Iterable[TP] | None) -> None:
        try:
            await self.commit(tps)
        except CommitFenced as error:
            log.info("commit left to the next owner", action="commit_fenced", error=str(error))
        except CommitError as error:
            log.warning("will commit again", action="commit_failed", error=str(error))

    def _moved(self, tps: Iterable[TP]) -> dict[TP, Position]:
        moved = {tp: self.frontier(tp).to_commit() for tp in tps if self._commits(tp)}
        return {tp: position for tp, position in moved.items() if position is not None}

    def _commits(self, tp: TP) -> bool:
        owned = self._owned.get(tp)
        return owned is not None and not owned.delivery.commits_itself

    # -- letting go

    async def _release(self, tps: list[TP], timeout_s: float) -> None:
        tps = [tp for tp in tps if tp in self._owned]
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*(self._until_idle(tp) for tp in tps))
        except TimeoutError:
            log.warning("not drained in time: the rest is done again", action="drain_timeout")
        for tp in tps:
            await self._drop(tp)
        await self._commit_or_warn(tps)
        for tp in tps:
            await self._disown(tp)

    async def _until_idle(self, tp: TP) -> None:
        # The ledger may hold chunks that the agent has not seen yet.
        while True:
            if self.frontier(tp).is_idle or self._is_over(tp):
                return
            await asyncio.sleep(_IDLE_POLL_S)

    def _is_over(self, tp: TP) -> bool:
        owned = self._owned.get(tp)
        if owned is None:  # a rebalance let go of it meanwhile
            return True
        pipeline = owned.pipeline
        return self._failed.done() or (pipeline is not None and pipeline.failed.done())

    async def _drop(self, tp: TP) -> None:
        owned = self._owned.get(tp)
        if owned is not None and owned.pipeline is not None:
            pipeline, owned.pipeline = owned.pipeline, None
            await pipeline.stop()

    async def _disown(self, tp: TP) -> None:
        await self._drop(tp)
        owned = self._owned.pop(tp, None)
        if owned is not None:
            for task in owned.tasks:
                task.cancel()
            await owned.delivery.stop()


def _names(tp: TP) -> dict[str, Any]:
    return {"topic": tp.topic, "partition": tp.partition}
