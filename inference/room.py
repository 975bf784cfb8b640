"""Room for items in the worker: who finds none waits, most urgent first."""

from __future__ import annotations

import asyncio
import heapq
import itertools

from inference.errors import InferenceError
from inference.messages import Lane

_Waiter = tuple[Lane, int, int, asyncio.Future[None]]  # lane, turn, items, woken


class Room:
    """Items that may still be sent. Used in one event loop."""

    def __init__(self, items: int) -> None:
        self._free = items
        self._waiting: list[_Waiter] = []  # a heap
        self._turns = itertools.count()

    async def take(self, items: int, lane: Lane) -> None:
        """Wait for room: before less urgent lanes, and behind those that came earlier."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (lane, next(self._turns), items, woken))
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
            *_, woken = heapq.heappop(self._waiting)
            if not woken.done():
                woken.set_exception(error)

    def _wake(self) -> None:
        while self._waiting:
            _, _, items, woken = self._waiting[0]
            if not woken.done():
                if items > self._free:
                    return
                self._free -= items
                woken.set_result(None)
            heapq.heappop(self._waiting)
