"""The way of one partition's chunks from bytes to a confirmed outcome.

1. decode     all records of the chunk; what is no event becomes a dead letter
2. prepare    in order: look up state, write state, say what to ask
3. ask        the model, for the whole chunk at once; chunks overlap here
4. decide     what becomes of each event, in order: after the chunk before it has left
5. publish    outcomes, dead letters and changelogs, so in order too
6. confirm    the broker has outcomes, dead letters and changelogs
7. finish     the ledger's frontier moves; the engine commits it
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from inference.client import Inference
from inference.messages import Answer, Item, ItemError
from schemas.codec import Decoder, encode
from schemas.errors import DecodeError
from schemas.topics import Topics
from streams import policy
from streams.asking import again, ask
from streams.chunks import Chunk, Record
from streams.errors import TaskFailed
from streams.frontier import Frontier
from streams.handler import Handler, Question
from streams.outgoing import Outgoing, Stamp, dead_letter, envelope
from streams.publisher import Publication
from streams.tables import Changes

log = structlog.get_logger(__name__)

DEAD_LETTERS = "dead-letters"


@dataclass(kw_only=True)
class _Work:
    """One record on its way."""

    record: Record
    event: Any = None
    question: Question | None = None
    place: int | None = None  # of its item in what the model is asked
    outcome: Publication | None = None


class Publishing(Protocol):
    """What takes outcomes to the broker."""

    async def publish(self, publications: Iterable[Publication]) -> None:
        """Return when all are confirmed; raises `PublishError` otherwise."""
        ...


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What every pipeline of a source shares."""

    handler: Handler
    decoder: Decoder[Any]
    inference: Inference
    publisher: Publishing
    topics: Topics


class Pipeline:
    """The pipeline of one partition, from the opening of its gate to its revocation."""

    def __init__(self, stage: Stage, frontier: Frontier) -> None:
        self._stage = stage
        self._frontier = frontier
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn: asyncio.Future[None] = _future()
        self._turn.set_result(None)
        self.failed: asyncio.Future[None] = _future()

    @property
    def task(self) -> str:
        """Name of the task that the pipeline's events ask for."""
        return self._stage.handler.spec.name

    def accept(self, chunk: Chunk) -> None:
        """Start on a chunk; chunks must come in the order of their offsets."""
        started_at = time.time()
        began = time.perf_counter()
        changes = Changes(chunk.partition)
        work = self._prepare(chunk, changes)
        stamp = Stamp(started_at=started_at, decode_ms=(time.perf_counter() - began) * 1000)
        previous, self._turn = self._turn, _future()
        run = self._run(chunk, work, changes, stamp, previous, self._turn)
        task = asyncio.create_task(run)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def cancel(self) -> None:
        """Drop what is in flight; the partition's next owner begins at the frontier."""
        for task in self._tasks:
            task.cancel()

    async def idle(self) -> None:
        """Wait until nothing is in flight."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self.failed.done():
            self.failed.set_exception(error)

    def _prepare(self, chunk: Chunk, changes: Changes) -> list[_Work]:
        decoded = self._stage.decoder.decode_many([record.value for record in chunk.records])
        work = [_Work(record=record) for record in chunk.records]
        for one, event in zip(work, decoded, strict=True):
            if isinstance(event, DecodeError):
                one.outcome = self._buried(one.record, event)
                continue
            one.event = event
            try:
                one.question = self._stage.handler.prepare(event, changes)
            except Exception as error:  # one event's failure is its own
                one.outcome = self._buried(one.record, TaskFailed(error))
        return work

    async def _run(
        self,
        chunk: Chunk,
        work: Sequence[_Work],
        changes: Changes,
        stamp: Stamp,
        previous: asyncio.Future[None],
        turn: asyncio.Future[None],
    ) -> None:
        try:
            answers = await self._ask_all(work)
            await asyncio.shield(previous)
            self._decide_all(work, answers, stamp, changes)
            outcomes = [one.outcome for one in work if one.outcome is not None]
            publications = [*outcomes, *changes.publications()]
            await again(lambda: self._stage.publisher.publish(publications), self.task)
            self._frontier.finish(chunk.span)
        except BaseException:
            turn.cancel()  # those behind must not overtake what did not leave
            raise
        turn.set_result(None)

    async def _ask_all(self, work: Sequence[_Work]) -> Answer | None:
        """Ask for all items of the chunk at once, and tell each record where its answer is."""
        items: list[Item] = []
        for one in work:
            if one.question is not None and one.question.item is not None:
                one.place = len(items)
                items.append(one.question.item)
        stage = self._stage
        return await ask(stage.inference, stage.handler.spec, items) if items else None

    def _decide_all(
        self, work: Sequence[_Work], answer: Answer | None, stamp: Stamp, changes: Changes
    ) -> None:
        for one in work:
            if one.outcome is not None:
                continue
            failure = answer.errors.get(one.place) if answer and one.place is not None else None
            if failure is not None:
                one.outcome = self._buried(one.record, failure)
                continue
            try:
                one.outcome = self._decide(one, answer, stamp, changes)
            except Exception as error:  # one event's failure is its own
                one.outcome = self._buried(one.record, TaskFailed(error))

    def _decide(
        self, one: _Work, answer: Answer | None, stamp: Stamp, changes: Changes
    ) -> Publication:
        handler = self._stage.handler
        question = one.question or _NOTHING
        if answer is None or one.place is None:
            sealed = envelope(one.record, self.task, stamp)
            row, model = None, self._stage.inference.models[handler.spec.slot]
        else:
            sealed = envelope(
                one.record,
                self.task,
                stamp,
                model=answer.model,
                queue_ms=float(answer.queue_ms[one.place]),
                compute_ms=float(answer.compute_ms[one.place]),
            )
            row, model = answer.rows[one.place], answer.model
        return self._publication(handler.decide(one.event, question, row, model, sealed, changes))

    def _publication(self, outgoing: Outgoing) -> Publication:
        return Publication(
            topic=self._stage.topics[outgoing.topic_id].name,
            key=outgoing.key.encode(),
            value=encode(outgoing.message),
        )

    def _buried(self, record: Record, error: Exception | ItemError) -> Publication:
        decision = policy.decide(error)
        if not isinstance(decision, policy.Bury):
            raise TypeError(f"no reason for a dead letter: {decision}")
        if isinstance(error, TaskFailed):
            log.error(
                "a record broke its task",
                action="record_failed",
                task=self.task,
                detail=decision.detail,
            )
        letter = dead_letter(
            record,
            self.task,
            code=decision.code,
            reason=decision.reason,
            detail=decision.detail,
        )
        return Publication(
            topic=self._stage.topics[DEAD_LETTERS].name,
            key=record.key,
            value=encode(letter),
            headers=tuple(record.headers),
        )


_NOTHING = Question(item=None)


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()
