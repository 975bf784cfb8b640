"""The client's side of the worker: what asks its models."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from inference.errors import ClientClosed, InferenceError, TooLate, WorkerLost
from inference.frames import Action, Seat
from inference.life import Life, Lost, lived
from inference.messages import Answer, Item, Lane, ModelInfo, Statistics
from inference.outstanding import renewed
from inference.pieces import Piece, all_expired, joined, split
from inference.process import WORKER, WorkerProcess
from inference.requests import Address
from inference.restarts import Restarts
from inference.room import Room
from inference.settings import InferenceSettings

__all__ = ["Inference", "InferenceClient", "InferenceSettings"]

log = structlog.get_logger(__name__)

LATE_S = 1.0
"""An answer that is on its way when the last deadline passes is waited for so long."""


class Inference(Protocol):
    """What asks models."""

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The loaded models by slot."""
        ...

    async def ask(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return the model's rows for all items; raises `InferenceError`.

        `within_s` is, for each item, in how many seconds its turn must have come; what comes too
        late has the error `expired` in the answer. Infinity, or None for all, means no deadline.
        """
        ...


def _nobody(_: str) -> None:
    """Nobody asks what ends with a worker."""


class InferenceClient:
    """Starts the worker, asks it, and starts it again when it dies.

    What was outstanding when a worker died is asked again of the next one; what the worker was at
    when it died is asked alone, and after the third time has the error `worker_died`.
    `died` is done, with its reason, when no worker can be started any more.
    """

    def __init__(
        self, settings: InferenceSettings, *, worker_module: str = WORKER, lost: Lost = _nobody
    ) -> None:
        """`lost` is told of the slots whose other model ended with a worker."""
        self._settings = settings
        self._restarts = Restarts(settings, worker_module)
        self._life = Life(self._restarts, settings.hang_s, lost)
        self._living: asyncio.Task[None] | None = None
        # One a lane: a flood in one leaves the others' free.
        self._rooms = {lane: Room(settings.queue_items) for lane in Lane}
        self._end: InferenceError | None = ClientClosed("the client is not started")
        self._loop = asyncio.get_running_loop()
        self.died: asyncio.Future[None] = self._loop.create_future()

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The loaded models by slot."""
        return self._life.known.in_use

    @property
    def loaded(self) -> Mapping[str, ModelInfo]:
        """The models that stand beside those in use, by slot; a worker that dies leaves none."""
        return self._life.known.beside

    @property
    def statistics(self) -> Statistics:
        """How the worker stands, as of a second ago."""
        return self._life.statistics

    @property
    def deaths(self) -> int:
        """How many workers ended by themselves; each was followed by another, or by `died`."""
        return self._life.deaths

    @property
    def is_up(self) -> bool:
        """Whether a worker is there, its models warm; not while it is started again."""
        return self._worker is not None

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, for whoever watches it."""
        return self._worker.pid if self._worker else None

    @property
    def _worker(self) -> WorkerProcess | None:
        return self._life.line.worker

    async def __aenter__(self) -> InferenceClient:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the worker and wait until its models are warm; raises `ModelError`."""
        worker = await self._restarts.first()
        self._end = None
        self._life.adopt(worker)
        self._living = asyncio.create_task(self._live(worker))

    async def stop(self) -> None:
        """Stop the worker; what is outstanding raises `ClientClosed`."""
        self._close(ClientClosed("the client was stopped"))
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        if self._worker is not None:  # its life was cancelled before it began
            await self._worker.end()
        if not self.died.done():
            self.died.cancel()

    async def _live(self, worker: WorkerProcess) -> None:
        reason = await lived(self._life, worker)
        log.error(str(reason), action="worker_lost")
        self._close(WorkerLost(f"the inference worker is gone for good: {reason}"))
        if not self.died.done():
            self.died.set_exception(reason)

    def _close(self, reason: InferenceError) -> None:
        """End every request, outstanding or to come, with an error."""
        self._end = reason
        for room in self._rooms.values():
            room.close(reason)
        self._life.outstanding.end(reason)

    def _check_open(self) -> None:
        if self._end is not None:
            raise renewed(self._end)

    # -- asking

    async def ask(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return the rows for `items`; waits while the worker has no room for them.

        Raises `UnknownSlot`, `WorkerDied` after the third worker that died with the request,
        `WorkerLost` when no worker can be started any more, and `ClientClosed`.
        """
        to = Address(slot=slot, seat=Seat.IN_USE, lane=lane)
        return await self._ask_all(to, items, within_s)

    async def ask_loaded(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return what the model says that was loaded beside the one in use; raises as `ask` does.

        Raises `ModelError` if none is.
        """
        to = Address(slot=slot, seat=Seat.LOADED, lane=lane)
        return await self._ask_all(to, items, within_s)

    async def _ask_all(
        self, to: Address, items: Sequence[Item], within_s: Sequence[float] | None
    ) -> Answer:
        self._check_open()
        self._life.known.seated(to)
        now = self._loop.time()
        given = [math.inf] * len(items) if within_s is None else within_s
        pieces = self._pieces(items, [now + one for one in given])
        if len(pieces) == 1:
            return await self._ask(to, pieces[0])
        tasks = [asyncio.create_task(self._ask(to, piece)) for piece in pieces]
        try:
            answers: Sequence[Answer] = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        while len({answer.model for answer in answers}) > 1:
            # A swap came between: rows of two models do not belong in one answer.
            newest = self._life.known.seated(to)
            answers = [
                answer if answer.model == newest else await self._ask(to, piece)
                for answer, piece in zip(answers, pieces, strict=True)
            ]
        return joined(answers, self._life.known.seated(to))

    def _pieces(self, items: Sequence[Item], deadlines: Sequence[float]) -> list[Piece]:
        settings = self._settings
        most, characters = settings.queue_items, settings.max_characters
        return list(split(items, deadlines, most=most, max_characters=characters))

    async def _ask(self, to: Address, piece: Piece) -> Answer:
        """Ask until the last deadline; then nobody waits, whatever became of the worker."""
        last = piece.last_deadline
        try:
            async with asyncio.timeout_at(None if last is None else last + LATE_S):
                return await self._ask_in_turn(to, piece)
        except (TimeoutError, TooLate):
            return all_expired(len(piece.items), self._life.known.seated(to))

    async def _ask_in_turn(self, to: Address, piece: Piece) -> Answer:
        await self._rooms[to.lane].take(len(piece.items))
        try:
            self._check_open()
            return await self._life.outstanding.ask(to, piece)
        finally:
            self._rooms[to.lane].give(len(piece.items))

    # -- models that come and go

    async def load(self, slot: str, source: str) -> ModelInfo:
        """Load a model beside the one in use, for a `swap` to come; raises `ModelError`.

        The one in use answers on, here and below. `source` is `bundled`, a folder or a hub name.
        """
        return await self._wish(Action.LOAD, slot, source)

    async def swap(self, slot: str, source: str | None = None) -> ModelInfo:
        """Use another model, that of `source` or the one loaded; raises `ModelError`.

        No request fails: each is answered by the model in use when it came to the worker, which
        the answer names. The one before is freed with the last of its requests.
        """
        return await self._wish(Action.SWAP, slot, source)

    async def drop(self, slot: str) -> ModelInfo:
        """Free what is loaded beside the model in use, and return that."""
        return await self._wish(Action.DROP, slot)

    async def _wish(self, action: Action, slot: str, source: str | None = None) -> ModelInfo:
        self._check_open()
        return await self._life.wishes.make(action, slot, source)
