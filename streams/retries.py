"""Trying again while the policy says so."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from streams import policy

log = structlog.get_logger(__name__)

T = TypeVar("T")

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
