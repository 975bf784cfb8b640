"""The client's side of the worker: its life, and a future for every request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from inference import frames, protocol
from inference.errors import (
    ClientClosed,
    InferenceError,
    ProtocolError,
    TooLate,
    UnknownSlot,
    WorkerDied,
    WorkerLost,
)
from inference.messages import Answer, Item, Lane, ModelInfo
from inference.pieces import Piece, all_expired, joined, split
from inference.process import WORKER, WorkerProcess
from inference.protocol import Frame
from inference.room import Room
from inference.settings import InferenceSettings

__all__ = ["Inference", "InferenceClient", "InferenceSettings"]

log = structlog.get_logger(__name__)

MAX_ASKED = 3
"""A request that three workers died with is suspected of having killed them."""
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


@dataclass(kw_only=True, eq=False)
class _Request:
    number: int
    slot: str
    lane: Lane
    piece: Piece
    answer: asyncio.Future[Answer]
    asked: int = 0


class InferenceClient:
    """Starts the worker, asks it, and starts it again when it dies.

    What was outstanding when a worker died is asked again of the next one, three times at most.
    `died` is done, with its reason, when no worker can be started any more.
    """

    def __init__(self, settings: InferenceSettings, *, worker_module: str = WORKER) -> None:
        self._settings = settings
        self._module = worker_module
        self._models: Mapping[str, ModelInfo] = {}
        self._requests: dict[int, _Request] = {}
        self._last_request = 0
        # One a lane: a flood in one leaves the others' free.
        self._rooms = {lane: Room(settings.queue_items) for lane in Lane}
        self._worker: WorkerProcess | None = None  # none while it is started again
        self._life: asyncio.Task[None] | None = None
        self._vain_starts = 0  # since the last answer
        self._end: InferenceError | None = ClientClosed("the client is not started")
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The loaded models by slot."""
        return self._models

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
        worker = await WorkerProcess.start(self._settings, self._module)
        self._end = None
        self._adopt(worker)
        self._life = asyncio.create_task(self._live(worker))

    async def stop(self) -> None:
        """Stop the worker; what is outstanding raises `ClientClosed`."""
        self._close(ClientClosed("the client was stopped"))
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
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
        self._check_open()
        if slot not in self._models:
            raise UnknownSlot(f"no model is loaded as {slot!r}")
        now = asyncio.get_running_loop().time()
        deadlines = [now + one for one in within_s or [math.inf] * len(items)]
        pieces = self._pieces(items, deadlines)
        if len(pieces) == 1:
            return await self._ask(slot, pieces[0], lane)
        tasks = [asyncio.create_task(self._ask(slot, piece, lane)) for piece in pieces]
        try:
            return joined(await asyncio.gather(*tasks), self._models[slot])
        finally:
            for task in tasks:
                task.cancel()

    def _pieces(self, items: Sequence[Item], deadlines: Sequence[float]) -> list[Piece]:
        settings = self._settings
        most, characters = settings.queue_items, settings.max_characters
        return list(split(items, deadlines, most=most, max_characters=characters))

    async def _ask(self, slot: str, piece: Piece, lane: Lane) -> Answer:
        """Ask until the last deadline; then nobody waits, whatever became of the worker."""
        last = piece.last_deadline
        try:
            async with asyncio.timeout_at(None if last is None else last + LATE_S):
                return await self._ask_in_turn(slot, piece, lane)
        except (TimeoutError, TooLate):
            return all_expired(len(piece.items), self._models[slot])

    async def _ask_in_turn(self, slot: str, piece: Piece, lane: Lane) -> Answer:
        await self._rooms[lane].take(len(piece.items))
        try:
            request = self._open(slot, piece, lane)
            try:
                return await request.answer
            except asyncio.CancelledError:
                self._send(protocol.encode(frames.cancel_frame(request.number)))
                raise
            finally:
                del self._requests[request.number]
        finally:
            self._rooms[lane].give(len(piece.items))

    def _open(self, slot: str, piece: Piece, lane: Lane) -> _Request:
        self._check_open()
        self._last_request += 1
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = _Request(
            number=self._last_request, slot=slot, lane=lane, piece=piece, answer=answer
        )
        self._put(request)
        self._requests[request.number] = request
        return request

    def _put(self, request: _Request) -> None:
        if self._worker is not None:  # otherwise the next worker is asked when it is ready
            request.asked += 1
            self._worker.send(_encoded(request))

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

    # -- the worker's life

    def _adopt(self, worker: WorkerProcess) -> None:
        self._models = worker.models
        self._worker = worker
        for request in self._requests.values():
            if not request.answer.done():
                self._put(request)

    async def _live(self, worker: WorkerProcess) -> None:
        try:
            while True:
                await self._serve(worker)
                worker = await self._revive()
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
        try:
            while (frame := await worker.receive()) is not None:
                self._take(frame)
        except ProtocolError as error:
            log.error(str(error), action="worker_unintelligible")
        finally:
            self._worker = None
            await worker.end()
        log.error("the inference worker died", action="worker_died")

    def _take(self, frame: Frame) -> None:
        if frame.kind == frames.FAILED:
            log.error(str(frame.header.get("reason")), action="worker_failed")
            return
        request = self._requests.get(frame.header.get("request", 0))
        if request is None or request.answer.done():
            return  # it was cancelled while the answer was on its way
        if frame.kind == frames.REFUSED:
            request.answer.set_exception(frames.read_refused(frame))
        else:
            request.answer.set_result(frames.read_answer(frame, self._models[request.slot]))
        self._vain_starts = 0

    async def _revive(self) -> WorkerProcess:
        """Return the next worker; raises when start upon start brought no answer."""
        reason: InferenceError = WorkerLost("the inference worker died again and again")
        delays = self._settings.restart_delays_s
        while self._vain_starts < len(delays):
            self._vain_starts += 1
            await asyncio.sleep(delays[self._vain_starts - 1])
            try:
                return await WorkerProcess.start(self._settings, self._module)
            except InferenceError as error:
                log.error(str(error), action="worker_not_started")
                reason = error
        raise reason

    def _give_up_suspects(self) -> None:
        for request in self._requests.values():
            if request.asked >= MAX_ASKED and not request.answer.done():
                reason = WorkerDied(f"the worker died {MAX_ASKED} times with this request")
                request.answer.set_exception(reason)


def _again(error: InferenceError) -> InferenceError:
    """Return the same error anew: one raised in many tasks would gather all their tracebacks."""
    return type(error)(str(error))


def _encoded(request: _Request) -> bytes:
    """Return the request as it travels now: what is left of its time shrinks on the way."""
    piece, now = request.piece, asyncio.get_running_loop().time()
    timed = not all(map(math.isinf, piece.deadlines))
    return frames.ask_bytes(
        frames.Ask(
            request=request.number,
            slot=request.slot,
            lane=request.lane,
            items=piece.items,
            within_s=[deadline - now for deadline in piece.deadlines] if timed else None,
        )
    )
