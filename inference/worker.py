"""The worker process: `python -m inference.worker SOCKET MEMORY`.

It is started by the client, talks over the socket whose descriptor it is given, and ends when
that socket does, so that it cannot outlive the client. What it is at it notes in the memory whose
descriptor it is given, for the client to read after its end. The first frame holds its settings;
it answers `ready` with its models or `failed` with a sentence; what it does from then on is told
in `serving`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Any

import uvloop

from inference import frames, protocol
from inference.changes import Loader, Workshop
from inference.errors import InferenceError, StepHung
from inference.models.base import Model
from inference.outbox import Outbox
from inference.protocol import Frame
from inference.recorder import Recorder
from inference.serving import Serving
from inference.settings import InferenceSettings

SWITCH_S = 0.0005
"""After which a thread lets another one run; Python's own is ten times that."""


COLLECTOR_THRESHOLDS = (100_000, 20, 50)
"""New objects before the collector of cycles looks at the youngest, and rounds of that before it
looks at older ones. With Python's own a thousand waiting texts set off walks through all of torch
that stop every thread for a quarter of a second: chat had a p99 of 240 ms under a flood, not 60."""


class Connection:
    """Serves one client for as long as it lives."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        load: Loader,
        recorder: Recorder,
    ) -> None:
        self._reader = reader
        self._outbox = Outbox(writer)
        self._load = load
        self._recorder = recorder

    async def serve(self) -> None:
        """Load, say ready, and answer until the client is gone; raises what ends it early."""
        first = await protocol.read(self._reader)
        if first is None:
            return
        try:
            await self._serve(frames.read_settings(first))
        except Exception as error:
            # Of a defect its type alone: a message may quote a customer's text.
            known = isinstance(error, InferenceError)
            reason = str(error) if known else f"a defect of the worker: {type(error).__name__}"
            suspects = error.items if isinstance(error, StepHung) else ()
            self._send(frames.failed_frame(reason, suspects))
            await self._outbox.drain()

    async def _serve(self, settings: InferenceSettings) -> None:
        workshop = Workshop(settings, self._load)
        # While models load nothing may come but the end of the client, which ends this too.
        coming = asyncio.create_task(protocol.read(self._reader))
        loading = asyncio.create_task(asyncio.to_thread(workshop.all))
        either: set[asyncio.Future[Any]] = {coming, loading}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if coming.done():
            return
        serving = Serving(settings, workshop, loading.result(), self._send, self._recorder)
        taking = asyncio.create_task(self._take_all(serving, coming))
        await serving.unless_broken(taking)

    async def _take_all(self, serving: Serving, coming: asyncio.Task[Frame | None]) -> None:
        """Take frames until the client is gone; those that came together in one turn."""
        frame = await coming
        while frame is not None:
            serving.take(frame)
            frame = await protocol.read(self._reader)

    def _send(self, frame: Frame) -> None:
        self._outbox.send(protocol.encode(frame))


def load_models(settings: InferenceSettings) -> Mapping[str, Model]:
    """Return the configured models, warm."""
    from inference.models.loading import load_all

    return load_all(settings)


async def _serve(descriptor: int, recorder: Recorder, load: Loader) -> None:
    end = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_connection(sock=end, limit=2**20)
    await Connection(reader, writer, load, recorder).serve()


def main(load: Loader = load_models) -> None:
    """Run the worker on the descriptors that the command line names."""
    # Ctrl-C and a service manager's SIGTERM reach every process; the client, which still has to
    # drain, decides when this one ends: by closing the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The device's thread must not wait long for another thread's Python: it needs the interpreter
    # between any two steps of a forward pass.
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    loop = uvloop.new_event_loop()
    loop.run_until_complete(_serve(int(sys.argv[1]), Recorder(int(sys.argv[2])), load))
    # Not by the interpreter's end, which would wait for a load or a batch that nobody wants.
    os._exit(0)


if __name__ == "__main__":
    main()
