"""The worker's life, seen from the client: from its start to its end, and the next one's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

import structlog

from inference import frames
from inference.errors import InferenceError, ProtocolError, WorkerLost
from inference.frames import Loaded
from inference.known import Known
from inference.line import Line
from inference.messages import Statistics
from inference.outstanding import Outstanding
from inference.process import WorkerProcess
from inference.protocol import Frame
from inference.recorder import ItemId
from inference.requests import Request, Wished
from inference.restarts import Restarts
from inference.wishes import Wishes

log = structlog.get_logger(__name__)

Lost = Callable[[str], None]
"""Told of a slot whose model beside the one in use ended with its worker."""


class Life:
    """Takes what the worker says, and starts another one when it has ended.

    What was outstanding then is asked again of the next one.
    """

    def __init__(self, restarts: Restarts, hang_s: float, lost: Lost) -> None:
        self._restarts = restarts
        self._hang_s = hang_s
        self._lost = lost
        self.line = Line()
        self.known = Known()
        self.outstanding = Outstanding(self.line, self.known, restarts.answered)
        self.wishes = Wishes(self.line, self._on_granted)
        self.statistics = Statistics()
        self.deaths = 0  # of workers that ended by themselves
        self._heard = 0  # frames of the worker
        self._suspects: frozenset[ItemId] | None = None  # as the worker said before its end

    def adopt(self, worker: WorkerProcess) -> None:
        """Let a worker answer from now on."""
        lost = self.known.adopt(worker.loaded)
        self.line.worker = worker
        self.outstanding.resume()
        for slot in lost:
            self._lost(slot)

    async def live(self, worker: WorkerProcess) -> NoReturn:
        """Go on for ever; raises `InferenceError` when no worker can be started any more."""
        while True:
            await self._serve(worker)
            worker = await self._restarts.next()
            # Not before: without another worker, who it was that ended this one is not known.
            self.outstanding.give_up_suspects()
            self.adopt(worker)

    async def _serve(self, worker: WorkerProcess) -> None:
        """Take the worker's frames until it is gone or says what is no frame."""
        watching = asyncio.create_task(self._watch(worker))
        try:
            while (frame := await worker.receive()) is not None:
                self._take(frame)
        except ProtocolError as error:
            log.error(str(error), action="worker_unintelligible")
        finally:
            self.line.worker = None
            held = self.outstanding.held()
            watching.cancel()
            self.wishes.drop()
            await worker.end()
        self._blame(held, worker.was_at())
        self.deaths += 1
        log.error("the inference worker died", action="worker_died")

    async def _watch(self, worker: WorkerProcess) -> None:
        """End a worker that says nothing any more, not even that it is alive."""
        silent = 0
        while silent < 2:  # once may be a pause of this process, and what it has not read yet
            heard = self._heard
            await asyncio.sleep(self._hang_s)
            silent = silent + 1 if heard == self._heard else 0
        log.error("the inference worker is silent", action="worker_silent")
        worker.kill()

    def _take(self, frame: Frame) -> None:
        self._heard += 1
        if frame.kind == frames.ALIVE:
            self.statistics = frames.read_alive(frame)
        elif frame.kind == frames.FAILED:
            log.error(str(frame.header.get("reason")), action="worker_failed")
            self._suspects = frames.read_failed(frame)
        else:
            number = frame.header.get("request", 0)
            if not self.wishes.take(number, frame):
                self.outstanding.take(number, frame)

    def _on_granted(self, wished: Wished, loaded: Loaded) -> None:
        self.known.grant(wished, loaded, self.outstanding.oldest, self.line.newest)
        if wished.changes_the_answers:
            self._restarts.use(wished.wish.slot, loaded.source)

    def _blame(self, held: Sequence[Request], was_at: frozenset[ItemId] | None) -> None:
        """Hold a worker's end against the items that it was at, if that is known.

        Otherwise against every request that it held.
        """
        suspects = was_at if self._suspects is None else self._suspects or None
        self._suspects = None
        if suspects is not None:
            self.outstanding.blame(held, suspects)


async def lived(life: Life, worker: WorkerProcess) -> InferenceError:
    """Return what ended a life; a defect here must not leave callers waiting for ever."""
    try:
        await life.live(worker)
    except InferenceError as error:
        return error
    except Exception as error:
        log.exception("the inference client failed", action="client_failed")
        return WorkerLost(f"a defect of the client: {type(error).__name__}")
