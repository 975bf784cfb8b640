"""Inside the worker: prepare and forward, each in its own thread and at its own pace.

Requests are prepared in one thread and forwarded in another, so that the next batch is ready when
the device is free; what is done is handed on at once, and put together elsewhere (`desk`). Both
threads go by urgency: a flood in one lane must not keep a more urgent one from being prepared.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from inference.desk import Done
from inference.frames import Ask
from inference.messages import Item, ItemError
from inference.models.base import Encoded, Model, forward
from inference.scheduler import Batch, Entry, Scheduler

NOT_PREPARED = ItemError(code="not_prepared", reason="the tokenizer failed on this text")
MODEL_FAILED = ItemError(code="model_failed", reason="the model failed on this text")
HARMLESS = "good 很好"
"""Every model has rows for this text, or it has for none."""


class Runtime:
    """Models, queue, and the two threads; `deliver` and `broken` are called from those."""

    def __init__(
        self,
        models: Mapping[str, Model],
        scheduler: Scheduler,
        deliver: Callable[[Done], None],
        broken: Callable[[BaseException], None],
    ) -> None:
        self._models = models
        self._scheduler = scheduler  # touched under `_ready` only
        self._deliver = deliver
        self._broken = broken
        self._ready = threading.Condition()
        self._jobs: queue.PriorityQueue[tuple[int, int, float, Ask | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=name, daemon=True)
            for name, work in (("prepare", self._prepare_all), ("device", self._compute_all))
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop after the request and the batch in hand."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._jobs.put((-1, next(self._order), 0.0, None))  # more urgent than any lane
        for thread in self._threads:
            thread.join()

    def submit(self, ask: Ask) -> None:
        """Take in a request for a loaded model; raises `QueueFull`."""
        with self._ready:
            self._scheduler.admit(ask.request, len(ask.items))
        self._jobs.put((ask.lane, next(self._order), time.monotonic(), ask))

    def cancel(self, request: int) -> None:
        """Drop what still waits of a request."""
        with self._ready:
            self._scheduler.cancel(request)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # without this thread nothing is ever answered
            self._broken(error)

    # -- prepare

    def _prepare_all(self) -> None:
        while True:
            _, _, queued_at, ask = self._jobs.get()
            if ask is None:
                return
            self._prepare(ask, queued_at)

    def _prepare(self, ask: Ask, queued_at: float) -> None:
        encoded = prepare_each(self._models[ask.slot], ask.items)
        entries = [
            Entry(
                slot=ask.slot,
                lane=ask.lane,
                length=one.length if one is not None else 0,
                request=ask.request,
                place=place,
                queued_at=queued_at,
                payload=one,
            )
            for place, one in enumerate(encoded)
        ]
        with self._ready:
            self._scheduler.put(ask.request, [one for one in entries if one.payload is not None])
            self._ready.notify()
        failed = [one for one in entries if one.payload is None]
        if failed:
            now = time.monotonic()
            self._deliver(Done(entries=failed, error=NOT_PREPARED, began=now, took_s=0.0))

    # -- forward

    def _compute_all(self) -> None:
        while (batch := self._await_batch()) is not None:
            self._compute(batch.entries)

    def _await_batch(self) -> Batch | None:
        with self._ready:
            self._ready.wait_for(lambda: self._stopping or not self._scheduler.is_idle)
            return None if self._stopping else self._scheduler.next_batch(time.monotonic())

    def _compute(self, entries: Sequence[Entry]) -> None:
        began = time.monotonic()
        try:
            rows = forward(self._models[entries[0].slot], [entry.payload for entry in entries])
        except Exception:  # whatever a model raises, some item of the batch may be the cause
            self._isolate(entries)
            return
        self._deliver(
            Done(entries=entries, rows=rows, began=began, took_s=time.monotonic() - began)
        )

    def _isolate(self, entries: Sequence[Entry]) -> None:
        """Halve a batch that failed until the item that fails stands alone."""
        if len(entries) == 1:
            self._blame(entries[0])
            return
        middle = len(entries) // 2
        self._compute(entries[:middle])
        self._compute(entries[middle:])

    def _blame(self, entry: Entry) -> None:
        # A device that is lost fails every item. Those are not to blame: what the model says to a
        # harmless text decides, and an error here ends the worker, whose successor is asked again.
        model = self._models[entry.slot]
        forward(model, model.prepare([HARMLESS]))
        now = time.monotonic()
        self._deliver(Done(entries=[entry], error=MODEL_FAILED, began=now, took_s=0.0))


def prepare_each(model: Model, items: Sequence[Item]) -> list[Encoded | None]:
    """Return the items encoded; None for one that the model's tokenizer fails on."""
    try:
        encoded = list(model.prepare(items))
        if len(encoded) != len(items):
            raise ValueError(f"{len(encoded)} of {len(items)} items were prepared")
    except Exception:  # whatever a tokenizer raises, some item may be the cause
        if len(items) <= 1:
            return [None] * len(items)
        middle = len(items) // 2
        return prepare_each(model, items[:middle]) + prepare_each(model, items[middle:])
    return encoded
