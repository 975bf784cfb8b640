"""Models that are wished for: what the worker is to load, swap and drop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from inference import frames
from inference.errors import ModelError
from inference.frames import Action, Loaded, Wish
from inference.line import Line
from inference.messages import ModelInfo
from inference.protocol import Frame
from inference.requests import Wished


class Wishes:
    """What one worker was told to do with its models; none outlives it."""

    def __init__(self, line: Line, granted: Callable[[Wished, Loaded], None]) -> None:
        """`granted` is called when the worker has done what was wished, before who wished it."""
        self._line = line
        self._granted = granted
        self._wished: dict[int, Wished] = {}  # until the worker says what became of it
        self._loop = asyncio.get_running_loop()

    async def make(self, action: Action, slot: str, source: str | None = None) -> ModelInfo:
        """Return the model that it led to; raises `ModelError`."""
        wish = Wish(request=self._line.number(), action=action, slot=slot, source=source)
        wished = Wished(wish=wish, granted=self._loop.create_future())
        if not self._line.send(wished.encoded()):
            raise ModelError("the inference worker is starting again: try it once more")
        self._wished[wish.request] = wished
        return (await wished.granted).model

    def take(self, number: int, frame: Frame) -> bool:
        """Return whether the frame says what became of a wish; raises `ProtocolError`."""
        wished = self._wished.pop(number, None)
        if wished is None:
            return False
        if frame.kind == frames.REFUSED:
            if not wished.granted.done():
                wished.granted.set_exception(frames.read_refused(frame))
            return True
        loaded = frames.read_granted(frame)
        self._granted(wished, loaded)
        if not wished.granted.done():
            wished.granted.set_result(loaded)
        return True

    def drop(self) -> None:
        """End all of them: their worker is gone."""
        for wished in self._wished.values():
            if not wished.granted.done():
                reason = "the inference worker ended meanwhile; the models are as they were"
                wished.granted.set_exception(ModelError(reason))
        self._wished.clear()
