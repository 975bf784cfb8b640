"""The worker process: `python -m inference.worker FD`.

It is started by the client, talks over the socket whose descriptor it is given, and ends when
that socket does, so that it cannot outlive the client. The first frame holds its settings; it
answers `ready` with its models or `failed` with a sentence; from then on it takes `ask` and
`cancel` frames.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from inference import frames, protocol
from inference.desk import Desk, Done
from inference.errors import InferenceError, UnknownSlot
from inference.models.base import Model
from inference.protocol import Frame
from inference.runtime import Runtime
from inference.scheduler import Scheduler
from inference.settings import InferenceSettings

Loader = Callable[[InferenceSettings], Mapping[str, Model]]
"""Loads all models and warms them up; raises `InferenceError` with a sentence for the user."""


class Connection:
    """Serves one client for as long as it lives."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, load: Loader
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._load = load
        self._loop = asyncio.get_running_loop()
        self._defect: asyncio.Future[None] = self._loop.create_future()
        self._desk = Desk()
        self._models: Mapping[str, Model] = {}

    async def serve(self) -> None:
        """Load, say ready, and answer until the client is gone; raises what ends it early."""
        first = await protocol.read(self._reader)
        if first is None:
            return
        try:
            settings = frames.read_settings(first)
            # While models load nothing may come but the end of the client, which ends this too.
            coming = asyncio.create_task(protocol.read(self._reader))
            loading = asyncio.create_task(asyncio.to_thread(self._load, settings))
            either: set[asyncio.Future[Any]] = {coming, loading}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return
            self._models = loading.result()
            await self._answer_all(settings, coming)
        except Exception as error:
            # Of a defect its type alone: a message may quote a customer's text.
            known = isinstance(error, InferenceError)
            reason = str(error) if known else f"a defect of the worker: {type(error).__name__}"
            self._send(frames.failed_frame(reason))
            await self._writer.drain()

    async def _answer_all(
        self, settings: InferenceSettings, coming: asyncio.Task[Frame | None]
    ) -> None:
        scheduler = Scheduler(batch_tokens=settings.batch_tokens, capacity=settings.queue_items)
        runtime = Runtime(scheduler, self._deliver, self._break)
        runtime.start()
        self._send(frames.ready_frame([model.info for model in self._models.values()]))
        while True:
            either: set[asyncio.Future[Any]] = {coming, self._defect}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._defect.done():
                self._defect.result()
            frame = coming.result()
            if frame is None:
                return
            self._take(runtime, frame)
            coming = asyncio.create_task(protocol.read(self._reader))

    def _take(self, runtime: Runtime, frame: Frame) -> None:
        if frame.kind == frames.CANCEL:
            self._desk.drop(frame.header["request"])
            runtime.cancel(frame.header["request"])
            return
        ask = frames.read_ask(frame)
        try:
            model = self._models.get(ask.slot)
            if model is None:
                raise UnknownSlot(f"no model is loaded as {ask.slot!r}")
            runtime.submit(ask, model, ask.slot)
        except InferenceError as error:
            self._send(frames.refused_frame(ask.request, error))
        else:
            self._desk.open(ask.request, len(ask.items), model.info.width)

    # -- from the runtime's threads

    def _deliver(self, done: Done) -> None:
        self._loop.call_soon_threadsafe(self._finish, done)

    def _break(self, error: BaseException) -> None:
        reason = InferenceError(f"the worker cannot go on: {type(error).__name__}")
        self._loop.call_soon_threadsafe(self._fail, reason)

    # -- back in the loop's thread

    def _finish(self, done: Done) -> None:
        for scores in self._desk.fill(done):
            self._send(frames.answer_frame(scores))

    def _fail(self, reason: InferenceError) -> None:
        if not self._defect.done():
            self._defect.set_exception(reason)

    def _send(self, frame: Frame) -> None:
        self._writer.write(protocol.encode(frame))


def load_models(settings: InferenceSettings) -> Mapping[str, Model]:
    """Return the configured models, warm."""
    from inference.models.loading import load_all

    return load_all(settings)


async def _serve(descriptor: int, load: Loader) -> None:
    end = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_connection(sock=end, limit=2**20)
    await Connection(reader, writer, load).serve()


def main(load: Loader = load_models) -> None:
    """Run the worker on the descriptor that the command line names."""
    # Ctrl-C and a service manager's SIGTERM reach every process; the client, which still has to
    # drain, decides when this one ends: by closing the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(_serve(int(sys.argv[1]), load))
    # Not by the interpreter's end, which would wait for a load or a batch that nobody wants.
    os._exit(0)


if __name__ == "__main__":
    main()
