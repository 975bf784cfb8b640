"""What viewers see change: one message a tick, made once for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
from aiohttp import web

from streams.telemetry.history import History

MAX_VIEWERS: Final = 100
SLOW_S: Final = 10.0
"""A viewer that does not take a message in so long is let go; its page comes back by itself."""


class Live:
    """Server-sent events."""

    def __init__(self, history: History, now: Callable[[], dict[str, Any]], tick_s: float) -> None:
        self._history = history
        self._now = now
        self._tick_s = tick_s
        self._message = b""
        self._came = asyncio.Event()
        self._is_over = False
        self.viewers = 0

    async def run(self) -> None:
        """Take a point on the clock, and tell viewers if there are any; until cancelled."""
        while True:
            point = self._history.tick(time.monotonic(), time.time())
            if self.viewers:
                self._message = _event("tick", {"point": point, **self._now()})
                self._wake()
            await asyncio.sleep(self._tick_s)

    def close(self) -> None:
        """Let all viewers go."""
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        self._came.set()
        self._came = asyncio.Event()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Show one viewer the points so far, and every new one, until it goes."""
        if self.viewers >= MAX_VIEWERS:
            return web.json_response({"error": "there are too many viewers"}, status=503)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        self.viewers += 1
        try:
            await response.prepare(request)
            first = {"points": list(self._history.points), **self._now()}
            await self._write(response, _event("history", first))
            while not self._is_over:
                await self._came.wait()
                await self._write(response, self._message)
        except (ConnectionError, TimeoutError):
            pass  # it is gone, or too slow
        finally:
            self.viewers -= 1
        return response

    async def _write(self, response: web.StreamResponse, message: bytes) -> None:
        async with asyncio.timeout(SLOW_S):
            await response.write(message)


def _event(name: str, data: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))
