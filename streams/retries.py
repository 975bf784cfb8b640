"""Trying again while the policy says so."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from streams import policy

log = structlog.get_logger(__name__)

T = TypeVar("T")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
"""Between two looks for a broker that is not there; each says so."""

_SHARES = range(50, 101)
"""Percent of a delay, drawn anew each time: workers that failed together do not come back so."""


async def again(call: Callable[[], Awaitable[T]], what: str) -> T:
    """Return what `call` returns, called again with growing delays while the policy says so."""
    attempt = 0
    while True:
        try:
            return await call()
        except Exception as error:
            decision = policy.decide(error, attempt)
            if not isinstance(decision, policy.Again):
                raise
            delay_s = decision.delay_s * secrets.choice(_SHARES) / 100
            log.warning(
                "will try again",
                action="retry",
                what=what,
                attempt=attempt + 1,
                delay_s=round(delay_s, 3),
                error=str(error),
            )
        await asyncio.sleep(delay_s)
        attempt += 1


async def patiently(
    call: Callable[[], Awaitable[T]], passing: tuple[type[Exception], ...], limit_s: float
) -> T:
    """Return what `call` returns; what raises `passing` is called again, for so long."""
    deadline = time.monotonic() + limit_s
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await call()
        except passing as error:
            if time.monotonic() + pause_s > deadline:
                raise
            log.warning(f"waiting: {error}", action="start_waits", again_in_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
