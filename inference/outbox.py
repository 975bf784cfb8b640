"""What leaves for the other process."""

from __future__ import annotations

import asyncio


class Outbox:
    """Writes what is sent in one turn of the event loop together.

    A system call a frame costs more than the frame, and wakes the other process for each.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []

    def send(self, data: bytes) -> None:
        """Send an encoded frame; to who is gone, nothing."""
        if not self._waiting:
            self._loop.call_soon(self._write)
        self._waiting.append(data)

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting and not self._writer.is_closing():
            self._writer.write(b"".join(waiting))

    async def drain(self) -> None:
        """Wait until what was sent is on its way."""
        self._write()
        await self._writer.drain()

    def close(self) -> None:
        """Write what waits, and close."""
        self._write()
        self._writer.close()
