"""What ends a worker: the end of anything that runs beside its application."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from streams.errors import StreamsError
from streams.worker import STOP_SIGNAL, StopSignal, Supervisor


async def for_ever() -> None:
    await asyncio.Event().wait()


async def breaks() -> None:
    raise ZeroDivisionError


async def ends() -> None:
    return


async def test_a_side_task_that_breaks_ends_the_worker_with_its_reason() -> None:
    supervisor = Supervisor()
    supervisor.add("reading", for_ever())
    supervisor.add("committing", breaks())
    with pytest.raises(ZeroDivisionError):
        await supervisor.first_end()
    await supervisor.stop()


async def test_a_side_task_that_merely_ends_is_named() -> None:
    supervisor = Supervisor()
    supervisor.add("reading reference data", ends())
    with pytest.raises(StreamsError, match="reading reference data ended"):
        await supervisor.first_end()
    await supervisor.stop()


@pytest.mark.parametrize(
    ("number", "is_for_good"), [(signal.SIGTERM, False), (signal.SIGINT, True)]
)
async def test_a_signal_ends_the_worker_in_order(number: signal.Signals, is_for_good: bool) -> None:
    stop = StopSignal()
    supervisor = Supervisor()
    supervisor.add("reading", for_ever())
    supervisor.add(STOP_SIGNAL, stop.wait())
    os.kill(os.getpid(), number)
    await supervisor.first_end()
    await supervisor.stop()
    assert stop.is_for_good is is_for_good
