"""A worker's life: what it owns, in the order in which it starts and stops.

Starting: topics are checked, the models load, the producer connects, catalogue and knowledge are
read to their end, and only then does the group get a member. Stopping is the other way round:
intake, drain, commit, leave the group; then the producer; then the models.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from typing import Any

from streams.errors import StreamsError


class Supervisor:
    """Runs the tasks beside the application; the end of any of them ends the worker."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], str] = {}

    def add(self, name: str, work: Awaitable[Any]) -> None:
        """Start a task under a name that tells an operator what it does."""
        task = asyncio.ensure_future(work)
        self._tasks[task] = name

    async def first_end(self) -> None:
        """Wait for the first task to end; raises what it raised, or `StreamsError`."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        task = next(iter(done))
        if self._tasks[task] == STOP_SIGNAL:
            return
        task.result()
        raise StreamsError(f"{self._tasks[task]} ended by itself")

    async def stop(self) -> None:
        """Cancel all and wait for their end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


STOP_SIGNAL = "stop signal"


class StopSignal:
    """SIGTERM or SIGINT, whichever comes first.

    SIGTERM is a restart as far as the group can know: a static member keeps its seat. SIGINT, a
    person's Ctrl-C, is for good: the seat is given up, and the partitions move at once.
    """

    def __init__(self) -> None:
        self._came = asyncio.Event()
        self.is_for_good = False
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._come, number)

    def _come(self, number: signal.Signals) -> None:
        self.is_for_good = number == signal.SIGINT
        self._came.set()

    async def wait(self) -> None:
        """Wait for the signal."""
        await self._came.wait()
