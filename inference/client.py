"""The client's side of the worker: its life, and a future for every request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import structlog

from inference import frames, protocol
from inference.errors import (
    ClientClosed,
    InferenceError,
    ModelError,
    ProtocolError,
    TooLate,
    UnknownSlot,
    WorkerDied,
    WorkerLost,
)
from inference.frames import Action, Ask, Seat, Wish
from inference.messages import HARMLESS, Answer, Item, Lane, ModelInfo, Statistics
from inference.pieces import Piece, all_expired, joined, split
from inference.process import WORKER, WorkerProcess
from inference.protocol import Frame
from inference.recorder import ItemId
from inference.requests import MAX_ASKED, Address, Request, Wished, hashed
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


class InferenceClient:
    """Starts the worker, asks it, and starts it again when it dies.

    What was outstanding when a worker died is asked again of the next one; what the worker was at
    when it died is asked alone, and after the third time has the error `worker_died`.
    `died` is done, with its reason, when no worker can be started any more.
    """

    def __init__(self, settings: InferenceSettings, *, worker_module: str = WORKER) -> None:
        self._settings = settings
        self._restarts = Restarts(settings, worker_module)
        self._models: Mapping[str, ModelInfo] = {}  # in use, by slot
        self._loaded: dict[str, ModelInfo] = {}  # beside those, by slot
        self._versions: dict[str, ModelInfo] = {}  # all that the worker has had, by version
        self._requests: dict[int, Request] = {}
        self._wished: dict[int, Wished] = {}
        self._last_request = 0
        # One a lane: a flood in one leaves the others' free.
        self._rooms = {lane: Room(settings.queue_items) for lane in Lane}
        self._worker: WorkerProcess | None = None  # none while it is started again
        self._life: asyncio.Task[None] | None = None
        self._heard = 0  # frames of the worker
        self._suspects: frozenset[ItemId] | None = None  # as the worker said before its end
        self._probes: dict[int, str] = {}  # harmless requests of our own, with their slots
        self._deaths = 0  # of workers that ended by themselves
        self._statistics = Statistics()
        self._end: InferenceError | None = ClientClosed("the client is not started")
        self._loop = asyncio.get_running_loop()
        self.died: asyncio.Future[None] = self._loop.create_future()

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The loaded models by slot."""
        return self._models

    @property
    def loaded(self) -> Mapping[str, ModelInfo]:
        """The models that stand beside those in use, by slot; a worker that dies leaves none."""
        return self._loaded

    @property
    def statistics(self) -> Statistics:
        """How the worker stands, as of a second ago."""
        return self._statistics

    @property
    def deaths(self) -> int:
        """How many workers ended by themselves; each was followed by another, or by `died`."""
        return self._deaths

    @property
    def is_up(self) -> bool:
        """Whether a worker is there, its models warm; not while it is started again."""
        return self._worker is not None

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, for whoever watches it."""
        return self._worker.pid if self._worker else None

    async def __aenter__(self) -> InferenceClient:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the worker and wait until its models are warm; raises `ModelError`."""
        worker = await self._restarts.first()
        self._end = None
        self._adopt(worker)
        self._life = asyncio.create_task(self._live(worker))

    async def stop(self) -> None:
        """Stop the worker; what is outstanding raises `ClientClosed`."""
        self._close(ClientClosed("the client was stopped"))
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        if self._worker is not None:  # its life was cancelled before it began
            await self._worker.end()
        if not self.died.done():
            self.died.cancel()

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
        self._info(to)
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
            newest = self._info(to)
            answers = [
                answer if answer.model == newest else await self._ask(to, piece)
                for answer, piece in zip(answers, pieces, strict=True)
            ]
        return joined(answers, self._info(to))

    def _info(self, to: Address) -> ModelInfo:
        """Return the model that is asked; raises `UnknownSlot`, `ModelError` for an empty seat."""
        if to.slot not in self._models:
            raise UnknownSlot(f"no model is loaded as {to.slot!r}")
        if to.seat is Seat.IN_USE:
            return self._models[to.slot]
        if to.slot not in self._loaded:
            raise ModelError(f"no model stands ready beside that of {to.slot}: load one first")
        return self._loaded[to.slot]

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
            return all_expired(len(piece.items), self._info(to))

    async def _ask_in_turn(self, to: Address, piece: Piece) -> Answer:
        await self._rooms[to.lane].take(len(piece.items))
        try:
            request = self._open(to, piece)
            try:
                return await request.answer
            except asyncio.CancelledError:
                self._send(protocol.encode(frames.cancel_frame(request.number)))
                raise
            finally:
                del self._requests[request.number]
        finally:
            self._rooms[to.lane].give(len(piece.items))

    def _open(self, to: Address, piece: Piece) -> Request:
        self._check_open()
        answer: asyncio.Future[Answer] = self._loop.create_future()
        request = Request(number=self._number(), to=to, piece=piece, answer=answer)
        self._put(request)
        self._requests[request.number] = request
        return request

    def _number(self) -> int:
        self._last_request += 1
        return self._last_request

    def _put(self, request: Request) -> None:
        if self._worker is not None:  # otherwise the next worker is asked when it is ready
            request.asked += 1
            self._worker.send(request.encoded(self._loop.time()))

    def _send(self, data: bytes) -> None:
        if self._worker is not None:
            self._worker.send(data)

    def _check_open(self) -> None:
        if self._end is not None:
            raise _again(self._end)

    def _close(self, reason: InferenceError) -> None:
        """End every request, outstanding or to come, with an error."""
        self._end = reason
        for room in self._rooms.values():
            room.close(reason)
        for request in self._requests.values():
            if not request.answer.done():
                request.answer.set_exception(_again(reason))

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
        if self._worker is None:
            raise ModelError("the inference worker is starting again: try it once more")
        wish = Wish(request=self._number(), action=action, slot=slot, source=source)
        wished = Wished(wish=wish, granted=self._loop.create_future())
        self._wished[wish.request] = wished  # until the worker says what became of it
        self._worker.send(wished.encoded())
        return (await wished.granted).model

    def _take_wished(self, wished: Wished, frame: Frame) -> None:
        if frame.kind == frames.REFUSED:
            if not wished.granted.done():
                wished.granted.set_exception(frames.read_refused(frame))
            return
        loaded = frames.read_granted(frame)
        self._versions[loaded.version] = loaded.model
        if wished.wish.action is Action.LOAD:
            self._loaded[wished.wish.slot] = loaded.model
        else:
            self._loaded.pop(wished.wish.slot, None)
        if wished.changes_the_answers:
            self._models = {**self._models, wished.wish.slot: loaded.model}
            self._restarts.use(wished.wish.slot, loaded.source)
        if not wished.granted.done():
            wished.granted.set_result(loaded)

    def _drop_wishes(self) -> None:
        for wished in self._wished.values():
            if not wished.granted.done():
                reason = "the inference worker ended meanwhile; the models are as they were"
                wished.granted.set_exception(ModelError(reason))
        self._wished.clear()

    # -- the worker's life

    def _adopt(self, worker: WorkerProcess) -> None:
        self._models = {one.model.slot: one.model for one in worker.loaded}
        self._loaded.clear()
        self._versions = {one.version: one.model for one in worker.loaded}
        self._worker = worker
        suspect = {one.to.slot for one in self._requests.values() if one.deaths}
        self._probe(suspect)
        for request in self._requests.values():
            if not request.deaths and not request.answer.done():
                self._put(request)

    def _probe(self, slots: Collection[str]) -> None:
        """Ask models what none dies of, before they are asked what one may have died of.

        The answer shows that the device is well, and that the worker was not started in vain.
        """
        self._probes = {self._number(): slot for slot in slots}
        for number, slot in self._probes.items():
            ask = Ask(request=number, slot=slot, lane=Lane.CHAT, items=[HARMLESS])
            self._send(frames.ask_bytes(ask))

    def _take_probe(self, slot: str) -> None:
        self._restarts.answered()
        for request in self._requests.values():
            if request.to.slot == slot and request.deaths and not request.answer.done():
                self._put(request)

    async def _live(self, worker: WorkerProcess) -> None:
        try:
            while True:
                await self._serve(worker)
                worker = await self._restarts.next()
                # Not before: without another worker, who it was that ended this one is not known.
                self._give_up_suspects()
                self._adopt(worker)
        except InferenceError as error:
            self._give_up(error)
        except Exception as error:  # a defect here must not leave callers waiting for ever
            log.exception("the inference client failed", action="client_failed")
            self._give_up(WorkerLost(f"a defect of the client: {type(error).__name__}"))

    def _give_up(self, reason: InferenceError) -> None:
        log.error(str(reason), action="worker_lost")
        self._close(WorkerLost(f"the inference worker is gone for good: {reason}"))
        if not self.died.done():
            self.died.set_exception(reason)

    async def _serve(self, worker: WorkerProcess) -> None:
        """Take the worker's frames until it is gone or says what is no frame."""
        watching = asyncio.create_task(self._watch(worker))
        try:
            while (frame := await worker.receive()) is not None:
                self._take(frame)
        except ProtocolError as error:
            log.error(str(error), action="worker_unintelligible")
        finally:
            self._worker = None
            held = list(self._requests.values())
            watching.cancel()
            self._drop_wishes()
            await worker.end()
        self._blame(held, worker.was_at())
        self._deaths += 1
        log.error("the inference worker died", action="worker_died")

    async def _watch(self, worker: WorkerProcess) -> None:
        """End a worker that says nothing any more, not even that it is alive."""
        silent = 0
        while silent < 2:  # once may be a pause of this process, and what it has not read yet
            heard = self._heard
            await asyncio.sleep(self._settings.hang_s)
            silent = silent + 1 if heard == self._heard else 0
        log.error("the inference worker is silent", action="worker_silent")
        worker.kill()

    def _take(self, frame: Frame) -> None:
        self._heard += 1
        if frame.kind == frames.ALIVE:
            self._statistics = frames.read_alive(frame)
            return
        if frame.kind == frames.FAILED:
            log.error(str(frame.header.get("reason")), action="worker_failed")
            self._suspects = frames.read_failed(frame)
            return
        number = frame.header.get("request", 0)
        if (wished := self._wished.pop(number, None)) is not None:
            self._take_wished(wished, frame)
        elif (request := self._requests.get(number)) is not None:
            self._take_answer(request, frame)
        elif (slot := self._probes.pop(number, None)) is not None:
            self._take_probe(slot)

    def _blame(self, held: Sequence[Request], was_at: frozenset[ItemId] | None) -> None:
        """Hold a worker's end against the items that it was at, if that is known.

        Otherwise against every request that it held.
        """
        suspects = was_at if self._suspects is None else self._suspects or None
        self._suspects = None
        if suspects is None:
            return
        numbered = {request.number: request.piece.items for request in held}
        items = {
            hashed(numbered[number][place]) for number, place in suspects if number in numbered
        }
        for request in held:
            request.blame(request.places_of(items))  # a twin would only end the next one

    def _take_answer(self, request: Request, frame: Frame) -> None:
        self._restarts.answered()
        if request.answer.done():
            return  # it was cancelled while the answer was on its way
        if frame.kind == frames.REFUSED:
            request.answer.set_exception(frames.read_refused(frame))
        else:
            answer = frames.read_answer(frame, self._versions)
            request.answer.set_result(request.completed(answer))

    def _give_up_suspects(self) -> None:
        for request in self._requests.values():
            if request.is_given_up and not request.answer.done():
                reason = WorkerDied(f"the worker died {MAX_ASKED} times with this request")
                request.answer.set_exception(reason)


def _again(error: InferenceError) -> InferenceError:
    """Return the same error anew: one raised in many tasks would gather all their tracebacks."""
    return type(error)(str(error))
