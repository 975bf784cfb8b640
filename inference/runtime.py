"""Inside the worker: prepare, plan, forward and finish, each at its own pace.

Requests are prepared in one thread and forwarded in another, so that the next batch is ready
when the device is free. The scheduler is touched under one lock only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.errors import UnknownSlot
from inference.messages import Floats, Item, ItemError, Lane
from inference.models.base import Model
from inference.scheduler import Entry, Scheduler

MODEL_FAILED = ItemError(code="model_failed", reason="the model failed on this text")
NOT_A_NUMBER = ItemError(code="not_a_number", reason="the model's scores are not numbers")
MILLISECONDS = 1000.0


@dataclass(kw_only=True)
class Pending:
    """A request on its way; filled by the device's thread alone."""

    rows: Floats
    queue_ms: Floats
    compute_ms: Floats
    left: int
    errors: dict[int, ItemError] = field(default_factory=dict)


Finished = Callable[[int, Pending], None]
"""Told of a request whose items are all answered; called from the device's thread."""


class Runtime:
    """Models, queue and the device's thread."""

    def __init__(
        self, models: Mapping[str, Model], scheduler: Scheduler, finished: Finished
    ) -> None:
        self._models = models
        self._scheduler = scheduler
        self._finished = finished
        self._pending: dict[int, Pending] = {}
        self._work = threading.Condition()
        self._stopping = False
        self._device = threading.Thread(target=self._run, name="device", daemon=True)

    def start(self) -> None:
        """Start the device's thread."""
        self._device.start()

    def stop(self) -> None:
        """Stop after the batch in hand."""
        with self._work:
            self._stopping = True
            self._work.notify()
        self._device.join()

    def submit(self, request: int, slot: str, items: Sequence[Item], lane: Lane) -> None:
        """Prepare and queue a request; raises `UnknownSlot` or `QueueFull`."""
        model = self._models.get(slot)
        if model is None:
            raise UnknownSlot(f"no model is loaded as {slot!r}")
        count = len(items)
        pending = Pending(
            rows=np.full((count, model.info.width), np.nan, dtype=np.float32),
            queue_ms=np.zeros(count, dtype=np.float32),
            compute_ms=np.zeros(count, dtype=np.float32),
            left=count,
        )
        now = time.monotonic()
        entries = [
            Entry(
                slot=slot,
                lane=lane,
                length=encoded.length,
                request=request,
                place=place,
                queued_at=now,
                payload=encoded,
            )
            for place, encoded in enumerate(model.prepare(items))
        ]
        with self._work:
            self._scheduler.admit(entries)
            self._pending[request] = pending
            self._work.notify()

    def cancel(self, request: int) -> None:
        """Drop what still waits of a request; nobody listens to it any more."""
        with self._work:
            self._scheduler.cancel(request)
            self._pending.pop(request, None)

    def _run(self) -> None:
        while True:
            with self._work:
                while not len(self._scheduler) and not self._stopping:
                    self._work.wait()
                if self._stopping:
                    return
                batch = self._scheduler.next_batch()
            self._compute(batch)

    def _compute(self, batch: Sequence[Entry]) -> None:
        began = time.monotonic()
        try:
            rows = self._models[batch[0].slot].forward([entry.payload for entry in batch])
        except Exception:  # whatever a model raises, some item of the batch is the cause
            self._split(batch)
            return
        took = (time.monotonic() - began) * MILLISECONDS
        for entry, row in zip(batch, rows, strict=True):
            error = None if np.isfinite(row).all() else NOT_A_NUMBER
            self._settle(entry, row, error, began, took)

    def _split(self, batch: Sequence[Entry]) -> None:
        """Halve a batch that failed until the item that fails stands alone."""
        if len(batch) == 1:
            now = time.monotonic()
            self._settle(batch[0], None, MODEL_FAILED, now, 0.0)
            return
        middle = len(batch) // 2
        self._compute(batch[:middle])
        self._compute(batch[middle:])

    def _settle(
        self, entry: Entry, row: Floats | None, error: ItemError | None, began: float, took: float
    ) -> None:
        with self._work:
            pending = self._pending.get(entry.request)
            if pending is None:
                return
            if error is None and row is not None:
                pending.rows[entry.place] = row
            elif error is not None:
                pending.errors[entry.place] = error
            pending.queue_ms[entry.place] = (began - entry.queued_at) * MILLISECONDS
            pending.compute_ms[entry.place] = took
            pending.left -= 1
            if pending.left:
                return
            del self._pending[entry.request]
        self._finished(entry.request, pending)
