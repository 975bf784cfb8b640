"""The way of one partition's records from bytes to a confirmed outcome.

1. decode     all records of a chunk; what is no event becomes a dead letter
2. prepare    in order: look up state, write state, say what to ask
3. ask        the models, for the whole chunk at once; chunks overlap here
4. release    each record as soon as it is answered and its key's earlier ones have left
5. decide     what becomes of it
6. send       outcomes, dead letters and changelogs of all that was released together
7. settle     the broker has them, and the position; only now do the tables change
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from faust.types import TP

from inference.messages import EXPIRED, UNREADABLE, Answer, ItemError, Lane
from schemas.errors import DecodeError
from streams.asking import Asking, ask
from streams.chunks import Chunk
from streams.clock import Clock
from streams.delivery import Delivery
from streams.errors import StepCancelled, TaskFailed
from streams.flight import Answered, Flight, Prepared
from streams.frontier import Frontier
from streams.further import FurtherAsking, side_by_side
from streams.gathering import ASKED, PATIENCE_S, Gathering
from streams.logs import log_context
from streams.making import Making, Stage
from streams.ordering import KeyOrder
from streams.outgoing import Moment, Stamp
from streams.publisher import Publication
from streams.retries import again
from streams.tables import Changes, Overlay, Writes, latest

MAX_RELEASE = 512
"""Records released together: a run of the loop that other partitions wait for."""
MAX_UNSETTLED = 4096
"""Records in one transaction: what a reader of committed records has to hold back."""

_MILLISECONDS = 1000

Released = list[tuple[Flight, Sequence[int]]]
"""Records that leave together: chunks and places."""


class Pipeline:
    """The pipeline of one partition, from the opening of its gate to its end."""

    def __init__(self, stage: Stage, source: TP, frontier: Frontier, delivery: Delivery) -> None:
        self._stage = stage
        self._context = log_context(task=self.task, topic=source.topic, partition=source.partition)
        self._signals = stage.signals.partition(source, self.task)
        self._frontier = frontier
        self._delivery = delivery
        self._overlay = Overlay(source.partition)
        self._making = Making(stage, source, self._signals)
        # A customer who waits for an answer waits for nobody's next message.
        is_chat = stage.handler.spec.lane is Lane.CHAT
        self._gathering = Gathering(math.inf if is_chat else ASKED)
        self._patience: asyncio.TimerHandle | None = None
        self._order: KeyOrder[Flight] = KeyOrder()
        self._unsettled = 0  # records that were sent
        self._writes: list[Writes] = []  # theirs
        self._is_over = False
        self._wake = asyncio.Event()
        self._clock = Clock(delivery.linger_s, self._wake.set)
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._start(self._release())

    @property
    def task(self) -> str:
        """Name of the task that the pipeline's events ask for."""
        return self._stage.handler.spec.name

    # -- in

    def accept(self, chunk: Chunk) -> None:
        """Start on a chunk, or gather it; chunks must come in the order of their offsets."""
        self._gathering.add(chunk)
        self._begin_gathered()

    def _begin_gathered(self) -> None:
        while (chunk := self._gathering.take()) is not None:
            self._begin(chunk)
        if not self._gathering.waits:
            self._be_patient(None)
        elif self._patience is None:
            loop = asyncio.get_running_loop()
            self._be_patient(loop.call_later(PATIENCE_S, self._lose_patience))

    def _be_patient(self, until: asyncio.TimerHandle | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = until

    def _lose_patience(self) -> None:
        self._patience = None
        self._start(self._hurry())  # a step like all others: a defect in it ends the pipeline

    async def _hurry(self) -> None:
        self._gathering.hurry()
        self._begin_gathered()

    def _begin(self, chunk: Chunk) -> None:
        flight = self._prepare(chunk)
        self._order.add(flight)
        asking = self._asking(flight)
        if len(asking.places) < len(flight.keys):
            self._ready(flight, set(flight.waiting).difference(asking.places))
        if asking.places or flight.further:
            self._gathering.asked()
            self._start(self._ask(flight, asking))

    def cancel(self) -> None:
        """Drop what is in flight; whoever takes the partition begins at the position settled."""
        self._is_over = True
        self._clock.stop()
        self._be_patient(None)
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Drop what is in flight and wait until nothing runs."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, context=self._context)
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

    def _prepare(self, chunk: Chunk) -> Flight:
        started_at, began = time.time(), time.perf_counter()
        events = self._stage.decoder.decode_many([record.value for record in chunk.records])
        flight = Flight(chunk, Stamp(started_at=started_at))
        for place, event in enumerate(events):
            if isinstance(event, DecodeError):
                self._making.bury(flight, place, event)
            else:
                self._prepare_one(flight, place, event)
        flight.stamp.decode_ms = round((time.perf_counter() - began) * _MILLISECONDS, 3)
        self._signals.taken(chunk, flight.stamp)
        return flight

    def _prepare_one(self, flight: Flight, place: int, event: Any) -> None:
        handler, changes = self._stage.handler, Changes(self._overlay)
        try:
            flight.keys[place] = handler.key(event)
            question = handler.prepare(event, changes)
            changes.keep()
        except Exception as error:  # one event's failure is its own
            changes.forget()
            self._making.bury(flight, place, TaskFailed(error))
        else:
            flight.prepared[place] = Prepared(event, question, changes)
            if question.further:
                flight.ask_further(place, question.further)

    def _asking(self, flight: Flight) -> Asking:
        asked = [
            (place, one.question.item)
            for place, one in enumerate(flight.prepared)
            if one is not None and one.question.item is not None
        ]
        places = [place for place, _ in asked]
        return Asking(
            places=places,
            items=[item for _, item in asked],
            deadlines=self._deadlines(flight, places),
        )

    def _deadlines(self, flight: Flight, places: Sequence[int]) -> list[float] | None:
        patience_s = self._stage.handler.deadline_s
        if patience_s == math.inf:
            return None
        sent_at = (flight.chunk.records[place].timestamp / _MILLISECONDS for place in places)
        return [at + patience_s if at >= 0 else math.inf for at in sent_at]

    async def _ask(self, flight: Flight, asking: Asking) -> None:
        if not flight.further:
            await self._ask_own(flight, asking)
        elif not asking.places:
            await self._ask_further(flight)
        else:
            await side_by_side([self._ask_own(flight, asking), self._ask_further(flight)])
        self._gathering.answered()
        self._begin_gathered()

    async def _ask_own(self, flight: Flight, asking: Asking) -> None:
        def answered(places: Sequence[int], answer: Answer) -> None:
            flight.answer(places, Answered.of(answer))
            self._signals.answered(flight.stamp, answer)
            for at, error in answer.errors.items():
                self._not_answered(flight, places[at], error)
            self._ready(flight, places)

        def failed(place: int, error: ItemError) -> None:
            self._making.bury(flight, place, error)
            self._ready(flight, (place,))

        stage, spec = self._stage, self._stage.handler.spec
        await ask(stage.inference, spec, spec.slot, asking, answered, failed)

    async def _ask_further(self, flight: Flight) -> None:
        further = FurtherAsking(
            self._stage.inference,
            self._stage.handler.spec,
            partial(self._deadlines, flight),
            answered=partial(self._signals.answered, flight.stamp),
            failed=partial(self._making.bury, flight),
            done=partial(self._ready, flight),
        )
        await further.ask(flight.further)

    def _not_answered(self, flight: Flight, place: int, error: ItemError) -> None:
        if error.code == EXPIRED.code:
            flight.unanswer(place)  # its handler decides without
        elif error.code == UNREADABLE.code and self._stage.handler.spec.answers_unread:
            pass  # its row is not numbers, and its handler knows what that means
        else:
            self._making.bury(flight, place, error)

    def _ready(self, flight: Flight, places: Collection[int]) -> None:
        self._order.ready(flight, flight.close(places))
        self._wake.set()

    # -- out

    async def _release(self) -> None:
        """Send what may leave, settle what was sent, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while released := self._leave():
                if not self._unsettled:
                    self._clock.start()
                self._unsettled += sum(len(places) for _, places in released)
                await self._delivery.send(self._publications(released))
                if self._unsettled >= MAX_UNSETTLED or self._clock.is_due:
                    await self._settle()
            if self._unsettled and self._clock.is_due:
                await self._settle()

    def _leave(self) -> Released:
        released: Released = []
        room = MAX_RELEASE
        while room > 0 and (first := self._order.take_first()) is not None:
            flight, places = first
            self._frontier.release_oldest(flight.number(places[-1]))
            released.append(first)
            room -= len(places)
        return released or [*self._order.take_ahead(room, self._may_leave)]

    def _may_leave(self, flight: Flight, place: int) -> bool:
        return self._frontier.release(flight.number(place))

    def _publications(self, released: Released) -> list[Publication]:
        moment = Moment()
        beside: list[Publication] = []
        outcomes = [
            flight.buried.get(place) or self._making.outcome(flight, place, moment, beside)
            for flight, places in released
            for place in places
        ]
        self._signals.sent([(flight.stamp, places) for flight, places in released], outcomes)
        writes = [
            one.changes.writes
            for flight, places in released
            for one in map(flight.prepared.__getitem__, places)
            if one is not None and one.changes.writes
        ]
        self._writes += writes
        if not (beside or writes):
            return outcomes
        return [*outcomes, *beside, *self._overlay.changelog(latest(writes))]

    async def _settle(self) -> None:
        position, began = self._frontier.position(), time.perf_counter()
        last_offsets: Mapping[TP, int] = await self._delivery.settle(position)
        await again(partial(self._store, last_offsets), self.task)
        # Nothing may come between here and the end: stores, ledger and broker must agree.
        self._frontier.settle(position)
        self._unsettled, self._writes = 0, []
        self._clock.settled()
        self._signals.settled(position, time.perf_counter() - began)

    async def _store(self, last_offsets: Mapping[TP, int]) -> None:
        # Without an await: where there is room, stores and broker agree before anything else runs.
        self._overlay.settle(self._writes, last_offsets)
