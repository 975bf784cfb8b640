"""The way of one partition's records from bytes to a confirmed outcome.

1. decode     all records of a chunk; what is no event becomes a dead letter
2. prepare    in order: look up state, write state, say what to ask
3. ask        the model, for the whole chunk at once; chunks overlap here
4. release    each record as soon as it is answered and its key's earlier ones have left
5. decide     what becomes of it
6. send       outcomes, dead letters and changelogs of all that was released together
7. settle     the broker has them, and the position; only now do the tables change
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog
from faust.types import TP

from inference.client import Inference
from inference.messages import EXPIRED, Answer, Floats, Item, ItemError, ModelInfo
from schemas.codec import Decoder, encode, encode_result
from schemas.errors import DecodeError
from schemas.results import ModelId
from schemas.topics import Topics
from streams import policy
from streams.asking import ask
from streams.chunks import Chunk, Record
from streams.delivery import Delivery
from streams.errors import StepCancelled, TaskFailed
from streams.frontier import Frontier
from streams.handler import Handler, Question
from streams.ordering import KeyOrder, Ordered
from streams.outgoing import Moment, Outgoing, Sealer, Stamp, model_id
from streams.publisher import Publication
from streams.tables import Changes, Overlay, latest

log = structlog.get_logger(__name__)

DEAD_LETTERS = "dead-letters"
MAX_RELEASE = 512
"""Records released together: a run of the loop that other partitions wait for."""
MAX_UNSETTLED = 4096
"""Records in one transaction: what a reader of committed records has to hold back."""

_DIGITS = 3  # of milliseconds: microseconds
_MILLISECONDS = 1000
_NOTHING = Question(item=None)


@dataclass(eq=False, slots=True)
class _Answered:
    """An answer, read once for all that asked together."""

    rows: Floats
    model: ModelInfo
    model_id: ModelId
    queue_ms: list[float]
    compute_ms: list[float]

    @classmethod
    def of(cls, answer: Answer) -> _Answered:
        """Return what all of the answer's records share."""
        return cls(
            rows=answer.rows,
            model=answer.model,
            model_id=model_id(answer.model),
            queue_ms=answer.queue_ms.astype(np.float64).round(_DIGITS).tolist(),
            compute_ms=answer.compute_ms.astype(np.float64).round(_DIGITS).tolist(),
        )


@dataclass(eq=False, slots=True, kw_only=True)
class _Work(Ordered):
    """One record on its way."""

    record: Record
    number: int  # in the ledger
    stamp: Stamp
    changes: Changes
    patience_s: float  # from the record's timestamp to its deadline
    event: Any = None
    question: Question = _NOTHING
    answered: _Answered | None = None
    place: int = 0  # of its row in the answer
    outcome: Publication | None = None

    @property
    def item(self) -> Item:
        """What to ask of the model."""
        if self.question.item is None:
            raise ValueError("there is nothing to ask")
        return self.question.item

    @property
    def deadline(self) -> float:
        """When its turn at the model must have come: Unix seconds, or infinity."""
        sent_at = self.record.timestamp / _MILLISECONDS
        return sent_at + self.patience_s if sent_at >= 0 else math.inf


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What every pipeline of a source shares."""

    handler: Handler
    decoder: Decoder[Any]
    inference: Inference
    topics: Topics


class Pipeline:
    """The pipeline of one partition, from the opening of its gate to its end."""

    def __init__(self, stage: Stage, source: TP, frontier: Frontier, delivery: Delivery) -> None:
        self._stage = stage
        self._sealer = Sealer(source, self.task)
        self._frontier = frontier
        self._delivery = delivery
        self._overlay = Overlay(source.partition)
        self._order: KeyOrder[_Work] = KeyOrder()
        self._unsettled: list[_Work] = []
        self._is_due = False  # what was sent is to be settled
        self._settled_at = -math.inf
        self._is_over = False
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._start(self._release())

    @property
    def task(self) -> str:
        """Name of the task that the pipeline's events ask for."""
        return self._stage.handler.spec.name

    # -- in

    def accept(self, chunk: Chunk) -> None:
        """Start on a chunk; chunks must come in the order of their offsets."""
        asking = [one for one in self._prepare(chunk) if one.question.item is not None]
        if asking:
            self._start(self._ask(asking))
        self._wake.set()

    def cancel(self) -> None:
        """Drop what is in flight; whoever takes the partition begins at the position settled."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Drop what is in flight and wait until nothing runs."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            # Nobody but `cancel` may end a step so: its records would wait for ever, unseen.
            error: BaseException | None = None if self._is_over else StepCancelled(self.task)
        else:
            error = task.exception()
        if error is not None and not self.failed.done():
            self.failed.set_exception(error)

    def _prepare(self, chunk: Chunk) -> list[_Work]:
        started_at, began = time.time(), time.perf_counter()
        stamp = Stamp(started_at=started_at)
        decoded = self._stage.decoder.decode_many([record.value for record in chunk.records])
        patience_s = self._stage.handler.deadline_s
        works = []
        for record, number, event in zip(chunk.records, chunk.numbers, decoded, strict=True):
            changes = Changes(self._overlay)
            one = _Work(
                record=record, number=number, stamp=stamp, changes=changes, patience_s=patience_s
            )
            works.append(one)
            self._prepare_one(one, event)
            self._order.add(one)
            if one.question.item is None:
                self._order.ready(one)
        stamp.decode_ms = round((time.perf_counter() - began) * 1000, 3)
        return works

    def _prepare_one(self, one: _Work, event: Any) -> None:
        if isinstance(event, DecodeError):
            one.outcome = self._buried(one.record, event)
            return
        handler = self._stage.handler
        try:
            one.key = handler.key(event)
            one.question = handler.prepare(event, one.changes)
            one.changes.keep()
            one.event = event
        except Exception as error:  # one event's failure is its own
            one.changes.forget()
            one.outcome = self._buried(one.record, TaskFailed(error))

    async def _ask(self, asking: Sequence[_Work]) -> None:
        stage = self._stage
        await ask(stage.inference, stage.handler.spec, asking, self._answered, self._failed_alone)

    def _answered(self, asking: Sequence[_Work], answer: Answer) -> None:
        answered = _Answered.of(answer)
        for place, one in enumerate(asking):
            one.answered = answered
            one.place = place
            self._order.ready(one)
        for place, error in answer.errors.items():
            self._not_answered(asking[place], error)
        self._wake.set()

    def _not_answered(self, one: _Work, error: ItemError) -> None:
        if error.code == EXPIRED.code:
            one.answered = None  # its handler decides without
        else:
            one.outcome = self._buried(one.record, error)

    def _failed_alone(self, one: _Work, error: ItemError) -> None:
        one.outcome = self._buried(one.record, error)
        self._order.ready(one)
        self._wake.set()

    # -- out

    async def _release(self) -> None:
        """Send what may leave, settle what was sent, for ever.

        After a pause something is settled at once; from then on the clock sets the pace, since
        each settling costs the broker as much, however little it holds.
        """
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while released := self._order.take(MAX_RELEASE, self._leaves):
                if not self._unsettled:
                    self._set_clock(loop)
                self._unsettled += released
                await self._delivery.send(self._publications(released))
                if len(self._unsettled) >= MAX_UNSETTLED or self._is_due:
                    await self._settle()
            if self._unsettled and self._is_due:
                await self._settle()

    def _set_clock(self, loop: asyncio.AbstractEventLoop) -> None:
        due = self._settled_at + self._delivery.linger_s
        self._is_due = due <= loop.time()
        if not self._is_due:
            loop.call_at(due, self._strike)

    def _strike(self) -> None:
        # That it struck counts, not what time it is: a loop may strike a little early.
        self._is_due = True
        self._wake.set()

    def _leaves(self, one: _Work) -> bool:
        return self._frontier.release(one.number)

    def _publications(self, released: Sequence[_Work]) -> list[Publication]:
        moment = Moment()
        outcomes = [one.outcome or self._outcome(one, moment) for one in released]
        writes = latest(one.changes.writes for one in released)
        return [*outcomes, *self._overlay.changelog(writes)]

    async def _settle(self) -> None:
        position = self._frontier.position()
        last_offsets: Mapping[TP, int] = await self._delivery.settle(position)
        # Nothing may come between here and the end: stores, ledger and broker must agree.
        self._overlay.settle([one.changes.writes for one in self._unsettled], last_offsets)
        self._frontier.settle(position)
        self._unsettled = []
        self._settled_at = asyncio.get_running_loop().time()

    def _outcome(self, one: _Work, moment: Moment) -> Publication:
        try:
            outgoing = self._decide(one, moment)
            publication = Publication(
                topic=self._stage.topics[outgoing.topic_id].name,
                key=outgoing.key.encode(),
                value=encode_result(outgoing.message),
            )
            one.changes.keep()
        except Exception as error:  # one event's failure is its own
            one.changes.forget()
            return self._buried(one.record, TaskFailed(error))
        return publication

    def _decide(self, one: _Work, moment: Moment) -> Outgoing:
        stage, answered, place = self._stage, one.answered, one.place
        if answered is None:
            model = stage.inference.models[stage.handler.spec.slot]
            sealed = self._sealer.envelope(one.record, one.stamp, moment, None)
            return stage.handler.decide(one.event, one.question, None, model, sealed, one.changes)
        sealed = self._sealer.envelope(
            one.record,
            one.stamp,
            moment,
            answered.model_id,
            answered.queue_ms[place],
            answered.compute_ms[place],
        )
        row = answered.rows[place]
        return stage.handler.decide(
            one.event, one.question, row, answered.model, sealed, one.changes
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
        letter = self._sealer.dead_letter(
            record, code=decision.code, reason=decision.reason, detail=decision.detail
        )
        return Publication(
            topic=self._stage.topics[DEAD_LETTERS].name,
            key=record.key,
            value=encode(letter),
            headers=tuple(record.headers),
        )
