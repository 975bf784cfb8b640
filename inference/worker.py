"""The worker process: `python -m inference.worker FD`.

It is started by the client, talks over the socket whose descriptor it is given, and ends when
that socket does. The first frame holds its settings; it answers `ready` with its models or
`failed` with a sentence; from then on it takes `ask` and `cancel` frames.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from inference import protocol
from inference.device import choose_device, choose_threads
from inference.errors import InferenceError
from inference.messages import Item, Lane
from inference.models.base import Model
from inference.models.loading import load
from inference.protocol import Frame
from inference.runtime import Pending, Runtime
from inference.scheduler import Scheduler

WARM_UP_TEXTS = ["good", "这个很好"] * 8


class Connection:
    """Serves one client for as long as it lives."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._preparing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare")

    async def serve(self) -> None:
        """Load, say ready, and answer until the client is gone."""
        first = await protocol.read(self._reader)
        if first is None:
            return
        try:
            models = await self._loop.run_in_executor(self._preparing, _load_all, first.header)
        except InferenceError as error:
            self._send(Frame("failed", {"reason": str(error)}))
            await self._writer.drain()
            return
        scheduler = Scheduler(
            batch_tokens=first.header["batch_tokens"], capacity=first.header["queue_items"]
        )
        runtime = Runtime(models, scheduler, self._finished)
        runtime.start()
        self._send(Frame("ready", {"models": [asdict(model.info) for model in models.values()]}))
        while (frame := await protocol.read(self._reader)) is not None:
            self._take(runtime, frame)
        runtime.stop()

    def _take(self, runtime: Runtime, frame: Frame) -> None:
        if frame.kind == "cancel":
            runtime.cancel(frame.header["request"])
        else:
            self._preparing.submit(self._prepare, runtime, frame)

    def _prepare(self, runtime: Runtime, frame: Frame) -> None:
        header = frame.header
        request: int = header["request"]
        items: list[Item] = header["items"]
        try:
            runtime.submit(request, header["slot"], items, Lane(header["lane"]))
        except InferenceError as error:
            self._send_soon(_refusal(request, error))
        except Exception as error:  # a tokenizer's failure ends one request, not the worker
            self._send_soon(_refusal(request, error))

    def _finished(self, request: int, pending: Pending) -> None:
        errors = {str(place): asdict(error) for place, error in pending.errors.items()}
        body = b"".join(
            part.tobytes() for part in (pending.rows, pending.queue_ms, pending.compute_ms)
        )
        self._send_soon(
            Frame(
                "answer", {"request": request, "shape": pending.rows.shape, "errors": errors}, body
            )
        )

    def _send_soon(self, frame: Frame) -> None:
        data = protocol.encode(frame)
        self._loop.call_soon_threadsafe(self._writer.write, data)

    def _send(self, frame: Frame) -> None:
        self._writer.write(protocol.encode(frame))


def _refusal(request: int, error: Exception) -> Frame:
    return Frame(
        "refused", {"request": request, "error": type(error).__name__, "reason": str(error)}
    )


def _load_all(settings: dict[str, Any]) -> dict[str, Model]:
    import torch

    torch.set_num_threads(choose_threads(settings["threads"]))
    device = choose_device(settings["device"])
    models = {slot: load(slot, name, device) for slot, name in settings["models"].items()}
    for model in models.values():
        model.forward(model.prepare(WARM_UP_TEXTS))
    return models


async def _main(descriptor: int) -> None:
    end = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_connection(sock=end, limit=2**20)
    await Connection(reader, writer).serve()
    writer.close()


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; the order of the end is the client's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_main(int(sys.argv[1])))
    os._exit(0)  # threads of torch must not keep a worker whose client is gone
