"""What the worker does once its models are warm: takes frames, and answers them.

`ask` is answered by `answer` or `refused`, `wish` by `granted` or `refused`; `cancel` drops a
request. As long as no step hangs, the worker says that it is `alive`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from inference import frames
from inference.changes import Changes, Workshop
from inference.desk import Desk, Done
from inference.device import memory_held
from inference.errors import InferenceError, StepHung
from inference.protocol import Frame
from inference.recorder import Recorder
from inference.runtime import Runtime
from inference.scheduler import Scheduler
from inference.settings import InferenceSettings
from inference.shelves import Shelves, Version
from inference.watch import Watch

BATCH_TOKENS = 4096
"""Of a model whose own budget is not said; every model here is measured when it loads."""
MOST_SILENT_S = 1.0
"""Between two signs of life."""
MOST_PREPARERS = 4
"""Threads that tokenise, beside a device that is not the CPU."""


class Serving:
    """Serves one client; all but what the runtime's threads call runs in the event loop."""

    def __init__(
        self,
        settings: InferenceSettings,
        workshop: Workshop,
        versions: Mapping[str, Version],
        send: Callable[[Frame], None],
        recorder: Recorder,
    ) -> None:
        self._hang_s = settings.hang_s
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._defect: asyncio.Future[None] = self._loop.create_future()
        self._desk = Desk()
        self._shelves = Shelves(versions)
        self._runtime = Runtime(
            Scheduler(batch_tokens=BATCH_TOKENS, capacity=settings.queue_items),
            self._deliver,
            self._break,
            cache_bytes=settings.cache_bytes,
            watch=Watch(recorder),
            preparers=preparers(version.loaded.model.device for version in versions.values()),
        )
        self._changes = Changes(workshop, self._shelves, self._runtime)
        self._devices = {version.loaded.model.device for version in versions.values()}
        self._tasks: set[asyncio.Task[None]] = set()
        for version in versions.values():
            self._runtime.allow(version.key, version.loaded.model.batch_tokens)
        self._runtime.start()
        self._send(frames.ready_frame([version.loaded for version in versions.values()]))
        self._start(self._watch())

    async def unless_broken(self, taking: asyncio.Task[None]) -> None:
        """Wait until all frames are taken; raises what the worker cannot go on after."""
        either: set[asyncio.Future[Any]] = {taking, self._defect}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self._defect.done():
            self._defect.result()
        taking.result()

    def take(self, frame: Frame) -> None:
        """Do what a frame asks for; raises `ProtocolError`."""
        if frame.kind == frames.CANCEL:
            self._desk.drop(frame.header["request"])
            self._runtime.cancel(frame.header["request"])
        elif frame.kind == frames.WISH:
            self._start(self._grant(frames.read_wish(frame)))
        else:
            self._take_ask(frames.read_ask(frame))

    def _take_ask(self, ask: frames.Ask) -> None:
        try:
            version = self._shelves.seated(ask.slot, ask.seat)
            self._runtime.submit(ask, version.model, version.key)
        except InferenceError as error:
            self._send(frames.refused_frame(ask.request, error))
        else:
            width = version.loaded.model.width
            self._desk.open(ask.request, len(ask.items), width, version.key)

    async def _grant(self, wish: frames.Wish) -> None:
        try:
            version = await self._changes.make(wish)
        except InferenceError as error:
            self._send(frames.refused_frame(wish.request, error))
        else:
            self._send(frames.granted_frame(wish.request, version.loaded))

    async def _watch(self) -> None:
        pause_s = min(MOST_SILENT_S, self._hang_s / 4)
        while (step := self._runtime.watch.hung(self._hang_s)) is None:
            memory = {device: memory_held(device) for device in self._devices}
            statistics = self._runtime.statistics(self._shelves.queues(), memory)
            self._send(frames.alive_frame(statistics))
            await asyncio.sleep(pause_s)
        reason = f"the step {step.name!r} took longer than {self._hang_s * step.patience:g} s"
        self._fail(StepHung(reason, step.items))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail(error)

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

    def _fail(self, reason: BaseException) -> None:
        if not self._defect.done():
            self._defect.set_exception(reason)


def preparers(devices: Iterable[str]) -> int:
    """Return how many threads tokenise: on the CPU one, since models need the others."""
    if all(device == "cpu" for device in devices):
        return 1
    return max(1, min(MOST_PREPARERS, len(os.sched_getaffinity(0)) // 2))
