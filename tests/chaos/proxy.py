"""A TCP proxy that can cut, refuse and stall what goes through it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

PIECE = 64 * 1024
START_LIMIT_S = 10.0


class Proxy:
    """Listens on one loopback port and passes on to another, in a thread of its own."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether it was started and did not end."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        if not self._started.wait(START_LIMIT_S):
            raise RuntimeError("the proxy did not start")

    def stop(self) -> None:
        """Cut everything and end."""
        self._call(self._loop.stop)
        self._thread.join(START_LIMIT_S)

    def cut(self, *, refuse: bool = False) -> None:
        """Cut all connections; with `refuse` no new one is taken until `mend`."""
        self._refusing = refuse
        self._call(self._cut)

    def stall(self) -> None:
        """Hold back all bytes, both ways, until `mend`."""
        self._call(self._flowing.clear)

    def mend(self) -> None:
        """Take connections and pass bytes again."""
        self._refusing = False
        self._call(self._flowing.set)

    def _call(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = asyncio.start_server(self._serve, "127.0.0.1", self._port)
        server = self._loop.run_until_complete(listening)
        self._started.set()
        self._loop.run_forever()
        server.close()
        self._cut()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # a server's callback runs in one
        self._tasks.add(task)
        try:
            await self._join(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return  # no broker now: the client sees its connection end
        pair = {writer, there[1]}
        self._writers |= pair
        try:
            await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        finally:
            self._writers -= pair
            there[1].transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
