"""Requests that wait for their answers, whichever worker gives them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from inference import frames, protocol
from inference.errors import InferenceError, WorkerDied
from inference.frames import Ask
from inference.known import Known
from inference.line import Line
from inference.messages import HARMLESS, Answer, Lane
from inference.pieces import Piece
from inference.protocol import Frame
from inference.recorder import ItemId
from inference.requests import MAX_ASKED, Address, Request, hashed


class Outstanding:
    """Sends requests, and sends them again where a worker ended."""

    def __init__(self, line: Line, known: Known, answered: Callable[[], None]) -> None:
        """`answered` is called with every answer: the worker works."""
        self._line = line
        self._known = known
        self._answered = answered
        self._requests: dict[int, Request] = {}  # by number, which only grows
        self._probes: dict[int, str] = {}  # harmless requests of our own, with their slots
        self._loop = asyncio.get_running_loop()

    @property
    def oldest(self) -> int:
        """Number of the first request that is not answered; of the next one, if all are."""
        return next(iter(self._requests), self._line.newest + 1)

    async def ask(self, to: Address, piece: Piece) -> Answer:
        """Return the answer of the worker that gives one; raises `InferenceError`."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        request = Request(number=self._line.number(), to=to, piece=piece, answer=answer)
        self._put(request)
        self._requests[request.number] = request
        try:
            return await answer
        except asyncio.CancelledError:
            self._line.send(protocol.encode(frames.cancel_frame(request.number)))
            raise
        finally:
            del self._requests[request.number]

    def _put(self, request: Request) -> None:
        # Without a worker the next one is asked when it is ready.
        if self._line.send(request.encoded(self._loop.time())):
            request.asked += 1

    def end(self, reason: InferenceError) -> None:
        """End all requests with an error."""
        for request in self._requests.values():
            if not request.answer.done():
                request.answer.set_exception(renewed(reason))

    # -- what the worker says

    def take(self, number: int, frame: Frame) -> None:
        """Take in an answer or a refusal; raises `ProtocolError`."""
        if (request := self._requests.get(number)) is not None:
            self._take_answer(request, frame)
        elif (slot := self._probes.pop(number, None)) is not None:
            self._take_probe(slot)

    def _take_answer(self, request: Request, frame: Frame) -> None:
        self._answered()
        if request.answer.done():
            return  # it was cancelled while the answer was on its way
        if frame.kind == frames.REFUSED:
            request.answer.set_exception(frames.read_refused(frame))
        else:
            answer = frames.read_answer(frame, self._known.by_version)
            request.answer.set_result(request.completed(answer))

    def _take_probe(self, slot: str) -> None:
        self._answered()
        for request in self._requests.values():
            if request.to.slot == slot and request.deaths and not request.answer.done():
                self._put(request)

    # -- a worker's end, and the next one

    def held(self) -> Sequence[Request]:
        """Return what the worker that ends now has not answered."""
        return list(self._requests.values())

    def blame(self, held: Sequence[Request], suspects: Collection[ItemId]) -> None:
        """Hold a worker's end against the items that it was at, and none of its other requests."""
        numbered = {request.number: request.piece.items for request in held}
        items = {
            hashed(numbered[number][place]) for number, place in suspects if number in numbered
        }
        for request in held:
            request.blame(request.places_of(items))  # a twin would only end the next one

    def give_up_suspects(self) -> None:
        """End the requests that no other worker is asked."""
        for request in self._requests.values():
            if request.is_given_up and not request.answer.done():
                reason = WorkerDied(f"the worker died {MAX_ASKED} times with this request")
                request.answer.set_exception(reason)

    def resume(self) -> None:
        """Ask the worker that is there now; what an earlier one may have ended over, in time.

        First its model is asked what none dies of. The answer shows that the device is well, and
        that the worker was not started in vain.
        """
        suspect = {one.to.slot for one in self._requests.values() if one.deaths}
        self._probes = {self._line.number(): slot for slot in suspect}
        for number, slot in self._probes.items():
            ask = Ask(request=number, slot=slot, lane=Lane.CHAT, items=[HARMLESS])
            self._line.send(frames.ask_bytes(ask))
        for request in self._requests.values():
            if not request.deaths and not request.answer.done():
                self._put(request)


def renewed(error: InferenceError) -> InferenceError:
    """Return the same error anew: one raised in many tasks would gather all their tracebacks."""
    return type(error)(str(error))
