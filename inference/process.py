"""One life of the worker process, seen from the client."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from inference import frames, protocol
from inference.errors import ModelError, WorkerLost
from inference.frames import Loaded
from inference.outbox import Outbox
from inference.protocol import Frame
from inference.recorder import ItemId, Recorder, new_memory
from inference.settings import InferenceSettings

WORKER = "inference.worker"
STDERR = 2
MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "-1",
    "MALLOC_TOP_PAD_": str(256 * 1024 * 1024),
}
"""glibc maps and unmaps every large tensor by default, which costs as much as computing it."""


class WorkerProcess:
    """A started worker whose models are warm."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        recorder: Recorder,
    ) -> None:
        self._process = process
        self._reader = reader
        self._outbox = Outbox(writer)
        self._recorder = recorder
        self.loaded: Sequence[Loaded] = ()

    @property
    def pid(self) -> int:
        """Process id, for whoever watches it."""
        return self._process.pid

    @classmethod
    async def start(cls, settings: InferenceSettings, module: str = WORKER) -> WorkerProcess:
        """Return a worker that is ready; raises `ModelError` or `WorkerLost`."""
        worker = await cls._spawn(module)
        try:
            async with asyncio.timeout(settings.start_timeout_s):
                await worker._greet(settings)
        except TimeoutError as error:
            await worker.end()
            raise ModelError(f"no model was ready in {settings.start_timeout_s} s") from error
        except BaseException:
            await worker.end()
            raise
        return worker

    @classmethod
    async def _spawn(cls, module: str) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        memory = new_memory()
        recorder = Recorder(memory)
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-P",  # a folder named `inference` where the user stands is not this package
                    "-m",
                    module,
                    str(theirs.fileno()),
                    str(memory),
                    pass_fds=[theirs.fileno(), memory],
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=STDERR,  # a library's chatter must not get into what a command prints
                    env=_environment(),
                )
        except OSError as error:
            ours.close()
            raise WorkerLost(f"the inference worker cannot be started: {error}") from error
        finally:
            os.close(memory)
        reader, writer = await asyncio.open_connection(sock=ours, limit=2**20)
        return cls(process, reader, writer, recorder)

    async def _greet(self, settings: InferenceSettings) -> None:
        self.send(protocol.encode(frames.settings_frame(settings)))
        frame = await self.receive()
        if frame is None:
            raise WorkerLost("the inference worker ended while it loaded its models")
        if frame.kind == frames.FAILED:
            raise ModelError(str(frame.header.get("reason")))
        self.loaded = frames.read_ready(frame)

    def send(self, data: bytes) -> None:
        """Send an encoded frame, with others of this turn; to a worker that is gone, nothing."""
        self._outbox.send(data)

    async def receive(self) -> Frame | None:
        """Return the next frame, None when the worker is gone; raises `ProtocolError`."""
        return await protocol.read(self._reader)

    def was_at(self) -> frozenset[ItemId] | None:
        """Return what a worker that ended was at; None if at nothing, or if nobody can know."""
        return self._recorder.was_at()

    def kill(self) -> None:
        """Kill the worker; it holds nothing that the client has not."""
        if self._process.returncode is None:
            self._process.kill()

    async def end(self) -> None:
        """Kill the worker and wait for its end."""
        self._outbox.close()
        self.kill()
        await self._process.wait()


def _environment() -> dict[str, str]:
    package = str(Path(__file__).parent.parent)
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return {**os.environ, **MALLOC, "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"}
