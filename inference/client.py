"""The client's side of the worker: its life, and a future for every request."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import structlog

from inference import protocol
from inference.errors import (
    ClientClosed,
    InferenceError,
    ModelError,
    QueueFull,
    UnknownSlot,
    WorkerDied,
)
from inference.messages import Answer, Item, ItemError, Lane, ModelInfo
from inference.protocol import Frame

log = structlog.get_logger(__name__)

MAX_ASKED = 3
"""A request that three workers died with is suspected of having killed them."""
RESTART_DELAYS_S = (0.0, 1.0, 5.0)
MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "-1",
    "MALLOC_TOP_PAD_": str(256 * 1024 * 1024),
}
"""glibc maps and unmaps every large tensor by default, which costs as much as computing it."""


@dataclass(frozen=True, kw_only=True)
class InferenceSettings:
    """What the worker is started with."""

    models: Mapping[str, str]  # slot to `bundled`, a folder or a Hugging Face name
    device: str = "auto"  # auto, cpu or cuda
    threads: int = 0  # of the CPU; 0 takes all cores
    batch_tokens: int = 4096  # padded tokens in a batch
    queue_items: int = 20_000  # items that wait or run; more wait in the client
    start_timeout_s: float = 120.0


class Inference(Protocol):
    """What asks models."""

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The loaded models by slot."""
        ...

    async def ask(self, slot: str, items: Sequence[Item], *, lane: Lane) -> Answer:
        """Return the model's rows for all items; raises `InferenceError`."""
        ...


@dataclass(kw_only=True, eq=False)
class _Request:
    frame: Frame
    slot: str
    future: asyncio.Future[Answer]
    asked: int = 0


@dataclass(kw_only=True)
class _Room:
    """Items that may still be sent; callers wait for room in the order in which they came."""

    free: int
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, count: int) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.free >= count)
            self.free -= count

    async def give(self, count: int) -> None:
        async with self.changed:
            self.free += count
            self.changed.notify_all()


class InferenceClient:
    """Starts the worker, asks it, and starts it again when it dies.

    What was outstanding when a worker died is asked again of the next one, three times at most.
    `died` is done, with its reason, when no worker can be started any more.
    """

    def __init__(self, settings: InferenceSettings) -> None:
        self._settings = settings
        self._models: dict[str, ModelInfo] = {}
        self._requests: dict[int, _Request] = {}
        self._last_request = 0
        self._room = _Room(free=settings.queue_items)
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._life: asyncio.Task[None] | None = None
        self._closing = False
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The loaded models by slot."""
        return self._models

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, for whoever watches it."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> InferenceClient:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the worker and wait until its models are warm; raises `ModelError`."""
        reader = await self._spawn()
        self._life = asyncio.create_task(self._live(reader))

    async def stop(self) -> None:
        """Stop the worker; what is outstanding raises `ClientClosed`."""
        self._closing = True
        await self._end_process()
        if self._life is not None:
            await asyncio.gather(self._life, return_exceptions=True)
        self._fail_all(ClientClosed("the client was stopped"))
        if not self.died.done():
            self.died.cancel()

    async def ask(self, slot: str, items: Sequence[Item], *, lane: Lane) -> Answer:
        """Return the rows for `items`; waits while the worker has no room for them.

        Raises `UnknownSlot`, `WorkerDied` after the third worker that died with the request, and
        `ClientClosed`.
        """
        if slot not in self._models:
            raise UnknownSlot(f"no model is loaded as {slot!r}")
        if self._closing:
            raise ClientClosed("the client was stopped")
        count = min(len(items), self._settings.queue_items)
        await self._room.take(count)
        try:
            return await self._ask(slot, items, lane)
        finally:
            await self._room.give(count)

    async def _ask(self, slot: str, items: Sequence[Item], lane: Lane) -> Answer:
        self._last_request += 1
        number = self._last_request
        header = {"request": number, "slot": slot, "items": list(items), "lane": int(lane)}
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = _Request(frame=Frame("ask", header), slot=slot, future=future)
        self._requests[number] = request
        self._send(request)
        try:
            return await future
        except asyncio.CancelledError:
            self._write(Frame("cancel", {"request": number}))
            raise
        finally:
            self._requests.pop(number, None)

    def _send(self, request: _Request) -> None:
        request.asked += 1
        self._write(request.frame)

    def _write(self, frame: Frame) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(protocol.encode(frame))

    # -- the worker's life

    async def _live(self, reader: asyncio.StreamReader) -> None:
        failures = 0
        while not self._closing:
            await self._receive(reader)
            if self._closing:
                return
            await self._end_process()
            log.error("the inference worker died", action="worker_died")
            self._give_up_suspects()
            restarted = await self._restart(failures)
            if restarted is None:
                return
            reader = restarted
            failures = 0
            for request in list(self._requests.values()):
                self._send(request)

    async def _restart(self, failures: int) -> asyncio.StreamReader | None:
        reason: InferenceError = WorkerDied("the inference worker cannot be started again")
        for delay in RESTART_DELAYS_S:
            await asyncio.sleep(delay)
            if self._closing:
                return None
            try:
                return await self._spawn()
            except InferenceError as error:
                reason = error
        self._fail_all(reason)
        if not self.died.done():
            self.died.set_exception(reason)
        return None

    def _give_up_suspects(self) -> None:
        for request in self._requests.values():
            if request.asked >= MAX_ASKED and not request.future.done():
                request.future.set_exception(
                    WorkerDied(f"the worker died {MAX_ASKED} times with this request")
                )

    async def _spawn(self) -> asyncio.StreamReader:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "inference.worker",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                env={**os.environ, **MALLOC, "TOKENIZERS_PARALLELISM": "false"},
            )
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=2**20)
        settings = self._settings
        self._write(
            Frame(
                "settings",
                {
                    "models": dict(settings.models),
                    "device": settings.device,
                    "threads": settings.threads,
                    "batch_tokens": settings.batch_tokens,
                    "queue_items": settings.queue_items,
                },
            )
        )
        try:
            async with asyncio.timeout(settings.start_timeout_s):
                self._learn_models(await protocol.read(reader))
        except TimeoutError as error:
            await self._end_process()
            raise ModelError(f"no model was ready in {settings.start_timeout_s} s") from error
        except InferenceError:
            await self._end_process()
            raise
        return reader

    def _learn_models(self, frame: Frame | None) -> None:
        if frame is None:
            raise WorkerDied("the inference worker ended while it loaded its models")
        if frame.kind == "failed":
            raise ModelError(frame.header["reason"])
        infos = [
            ModelInfo(**{**info, "labels": tuple(info["labels"])})
            for info in frame.header["models"]
        ]
        self._models = {info.slot: info for info in infos}

    async def _end_process(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()  # it holds nothing: what is outstanding is ours to ask again
            await process.wait()

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while (frame := await protocol.read(reader)) is not None:
            request = self._requests.get(frame.header["request"])
            if request is not None and not request.future.done():
                self._settle(request, frame)

    def _settle(self, request: _Request, frame: Frame) -> None:
        if frame.kind == "refused":
            request.future.set_exception(_error(frame.header))
        else:
            request.future.set_result(_answer(frame, self._models[request.slot]))

    def _fail_all(self, error: InferenceError) -> None:
        for request in self._requests.values():
            if not request.future.done():
                request.future.set_exception(error)


_REFUSALS: dict[str, type[InferenceError]] = {"QueueFull": QueueFull, "UnknownSlot": UnknownSlot}


def _error(header: Mapping[str, Any]) -> InferenceError:
    return _REFUSALS.get(header["error"], InferenceError)(header["reason"])


def _answer(frame: Frame, model: ModelInfo) -> Answer:
    count, width = frame.header["shape"]
    numbers = np.frombuffer(frame.body, dtype="<f4")
    rows, waits = numbers[: count * width], numbers[count * width :]
    errors = {int(place): ItemError(**error) for place, error in frame.header["errors"].items()}
    return Answer(
        rows=rows.reshape(count, width),
        errors=errors,
        queue_ms=waits[:count],
        compute_ms=waits[count:],
        model=model,
    )
