"""When what a pipeline sent is to be settled."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable


class Clock:
    """Sets the pace of settling.

    After a pause something is due at once; from then on every `linger_s` seconds, since each
    settling costs the broker as much, however little it holds.
    """

    def __init__(self, linger_s: float, strike: Callable[[], None]) -> None:
        """`strike` is called when something becomes due that was not when it was sent."""
        self._linger_s = linger_s
        self._strike = strike
        self._loop = asyncio.get_running_loop()
        self._settled_at = -math.inf
        self._running: asyncio.TimerHandle | None = None
        self.is_due = False

    def start(self) -> None:
        """Begin to count: the first since the last settling was sent."""
        due = self._settled_at + self._linger_s
        self.is_due = due <= self._loop.time()
        if not self.is_due:
            self._running = self._loop.call_at(due, self._on_time)

    def settled(self) -> None:
        """Begin anew: all that was sent is settled."""
        self.stop()
        self._settled_at = self._loop.time()

    def stop(self) -> None:
        """Strike no more. One left running would settle the next too early, and so on for ever."""
        if self._running is not None:
            self._running.cancel()

    def _on_time(self) -> None:
        # That it struck counts, not what time it is: a loop may strike a little early.
        self.is_due = True
        self._strike()
