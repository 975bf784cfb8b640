"""Waiting for what is starting beside us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(call: Callable[[], T], passing: tuple[type[Exception], ...], limit_s: float) -> T:
    """Return what `call` returns, called again while it raises `passing`, for so long.

    Each try in vain is a log line.
    """
    from streams.retries import patiently

    return asyncio.run(patiently(lambda: asyncio.to_thread(call), passing, limit_s))
