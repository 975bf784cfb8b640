"""All partitions of a worker: their frontiers and pipelines, and the commits.

Owns every `Frontier` and `Pipeline`. The transport asks it what may be fetched and tells it when
partitions come and go; agents hand it chunks; a clock commits the frontiers that moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog
from faust.types import TP

from streams.chunks import Chunk
from streams.errors import CommitError, CommitFenced, StreamsError
from streams.frontier import Frontier
from streams.pipeline import Pipeline, Stage

log = structlog.get_logger(__name__)

_IDLE_POLL_S = 0.005

Commit = Callable[[Mapping[TP, int]], Awaitable[None]]
"""Commits offsets; raises `CommitError`."""

StateReady = Callable[[Iterable[TP]], Awaitable[None]]
"""Told that the state of these partitions is restored, before their records come."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes and times of the engine."""

    window_records: int  # records in flight a partition before its fetch pauses
    window_bytes: int  # likewise in bytes
    commit_interval_s: float  # between two commits
    drain_timeout_s: float  # for what is in flight when partitions go


@dataclass(frozen=True)
class _Owner:
    epoch: int  # of the gate's opening that the pipeline belongs to
    pipeline: Pipeline


class Engine:
    """Frontiers, pipelines and commits of one worker."""

    def __init__(
        self,
        *,
        stages: Mapping[str, Stage],
        limits: Limits,
        commit: Commit,
        state_ready: StateReady,
    ) -> None:
        self._stages = stages  # by the broker's name of the source
        self._limits = limits
        self._commit = commit
        self._state_ready = state_ready
        self._frontiers: dict[TP, Frontier] = {}
        self._pipelines: dict[TP, _Owner] = {}
        self._committing = asyncio.Lock()

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

    async def partitions_opened(self, tps: Iterable[TP]) -> None:
        """Forget what earlier owners of these partitions had in flight."""
        tps = list(tps)
        for tp in tps:
            self._drop(tp)
        await self._state_ready(tps)

    async def drain(self, tps: Iterable[TP]) -> None:
        """Finish and commit what is in flight, in at most the drain timeout; drop the rest."""
        tps = [tp for tp in tps if tp in self._pipelines]
        try:
            async with asyncio.timeout(self._limits.drain_timeout_s):
                await asyncio.gather(*(self._until_idle(tp) for tp in tps))
        except TimeoutError:
            log.warning("a partition was not drained in time", action="drain_timeout")
        try:
            await self.commit(tps)
        except CommitError as error:
            log.warning("last commit failed", action="commit_failed", error=str(error))
        for tp in tps:
            self._drop(tp)

    # -- what the agents hand over

    def accept(self, chunk: Chunk) -> None:
        """Start on a chunk, unless its partition was opened anew since it was fetched."""
        tp = TP(chunk.topic, chunk.partition)
        if tp not in self._pipelines and self.frontier(tp).epoch == chunk.epoch:
            pipeline = Pipeline(self._stages[tp.topic], self.frontier(tp))
            self._pipelines[tp] = _Owner(chunk.epoch, pipeline)
        owner = self._pipelines.get(tp)
        if owner is not None and owner.epoch == chunk.epoch:
            owner.pipeline.accept(chunk)

    def raise_failures(self) -> None:
        """Raise what ended a pipeline, if anything did; it ends the worker."""
        for owner in self._pipelines.values():
            failed = owner.pipeline.failed
            if failed.done():
                raise StreamsError("a pipeline failed") from failed.exception()

    # -- commits

    async def commit(self, tps: Iterable[TP] | None = None) -> None:
        """Commit the frontiers that moved, of `tps` or of all; raises `CommitError`.

        A frontier that was not confirmed is committed again by the next call.
        """
        async with self._committing:
            offsets = self._moved(self._pipelines if tps is None else tps)
            if not offsets:
                return
            await self._commit(offsets)
            for tp, offset in offsets.items():
                self.frontier(tp).confirm(offset)

    async def run_commits(self) -> None:
        """Commit on the clock until cancelled; raises what ended a pipeline."""
        while True:
            await asyncio.sleep(self._limits.commit_interval_s)
            self.raise_failures()
            try:
                await self.commit()
            except CommitFenced as error:
                log.info("commit left to the next owner", action="commit_fenced", error=str(error))
            except CommitError as error:
                log.warning("will commit again", action="commit_failed", error=str(error))

    def _moved(self, tps: Iterable[TP]) -> dict[TP, int]:
        moved = {tp: self.frontier(tp).to_commit() for tp in tps}
        return {tp: offset for tp, offset in moved.items() if offset is not None}

    async def _until_idle(self, tp: TP) -> None:
        # The ledger may hold chunks that the agent has not seen yet.
        while not self.frontier(tp).is_idle:
            self.raise_failures()
            await asyncio.sleep(_IDLE_POLL_S)

    def _drop(self, tp: TP) -> None:
        owner = self._pipelines.pop(tp, None)
        if owner is not None:
            owner.pipeline.cancel()
