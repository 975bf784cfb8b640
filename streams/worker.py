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

import structlog

from streams.errors import StreamsError

log = structlog.get_logger(__name__)


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


def stop_event() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event
