"""Waiting for a condition, and for a time only where time itself is the condition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LIMIT_S = 10.0
POLL_S = 0.001
SLOW_POLL_S = 0.05


async def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Return as soon as `condition` holds; raises `TimeoutError` if it does not in time."""
    async with asyncio.timeout(limit_s):
        while True:
            if condition():
                return
            await asyncio.sleep(POLL_S)


async def passed(seconds: float) -> None:
    """Return when so much time is over: for what only time brings, a deadline or a silence."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    await until(lambda: clock() > end, seconds + LIMIT_S)


def wait_until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Return as soon as `condition` holds; raises `TimeoutError` if it does not in time."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"it did not hold within {limit_s:g} s")
        time.sleep(SLOW_POLL_S)
