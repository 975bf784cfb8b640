"""Room for a lane's items in the worker: who finds none waits, and the first gets it first."""

from __future__ import annotations

import asyncio
from collections import deque

from inference.errors import InferenceError

_Waiter = tuple[int, asyncio.Future[None]]  # items, woken


class Room:
    """Items that may still be sent. Used in one event loop."""

    def __init__(self, items: int) -> None:
        self._free = items
        self._waiting: deque[_Waiter] = deque()

    async def take(self, items: int) -> None:
        """Wait for room, behind those that came earlier."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, woken))
        self._wake()
        try:
            await woken
        except asyncio.CancelledError:
            if woken.done() and not woken.cancelled() and woken.exception() is None:
                self._free += items  # it was given and is not used
            woken.cancel()
            self._wake()
            raise

    def give(self, items: int) -> None:
        """Return room."""
        self._free += items
        self._wake()

    def close(self, error: InferenceError) -> None:
        """End all waiting with an error."""
        while self._waiting:
            _, woken = self._waiting.popleft()
            if not woken.done():
                woken.set_exception(error)

    def _wake(self) -> None:
        while self._waiting:
            items, woken = self._waiting[0]
            if not woken.done():
                if items > self._free:
                    return
                self._free -= items
                woken.set_result(None)
            self._waiting.popleft()
