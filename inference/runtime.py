"""Inside the worker: prepare, forward and finish, each in its own thread and at its own pace.

Requests are prepared in one thread, a portion at a time; the device's thread forms a batch of what
is prepared whenever it is free; a third fetches the rows and hands them on, and they are put
together elsewhere (`desk`). What is late is dropped before the step that would cost something.
All three go by urgency: a flood in one lane must not keep a more urgent one from being served.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.desk import Done
from inference.frames import Ask
from inference.intake import Intake, Job, Portion
from inference.launch import Finish, launch
from inference.messages import EXPIRED, Item, ItemError
from inference.models.base import Encoded, Model
from inference.scheduler import Entry, Scheduler

NOT_PREPARED = ItemError(code="not_prepared", reason="the tokenizer failed on this text")
MODEL_FAILED = ItemError(code="model_failed", reason="the model failed on this text")
HARMLESS = "good 很好"
"""Every model has rows for this text, or it has for none."""
LAUNCHED = 2
"""Batches on a device that works by itself: one that it computes, and one that it finds next."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """What an entry carries: it rides with the model that encoded it."""

    model: Model
    encoded: Encoded


@dataclass(frozen=True, kw_only=True, eq=False)
class _Flight:
    """A batch that was launched."""

    entries: Sequence[Entry]
    began: float
    finish: Finish


class Runtime:
    """Queues and the three threads; `deliver` and `broken` are called from those."""

    def __init__(
        self,
        scheduler: Scheduler,
        deliver: Callable[[Done], None],
        broken: Callable[[BaseException], None],
    ) -> None:
        self._deliver = deliver
        self._broken = broken
        self._lock = threading.Lock()
        # Under the lock:
        self._scheduler = scheduler
        self._intake = Intake()
        self._again: list[Sequence[Entry]] = []  # parts of batches that failed; a stack
        self._free_since = 0.0  # when the last batch ended
        self._stopping = False
        self._coming = threading.Condition(self._lock)  # something is to be prepared
        self._ready = threading.Condition(self._lock)  # something can ride
        self._room = threading.Semaphore(LAUNCHED)
        self._launched: queue.SimpleQueue[_Flight | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=name, daemon=True)
            for name, work in (
                ("prepare", self._prepare_all),
                ("device", self._compute_all),
                ("finish", self._finish_all),
            )
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop after what is in hand."""
        with self._lock:
            self._stopping = True
            self._coming.notify()
            self._ready.notify()
        for thread in self._threads:
            thread.join()

    def submit(self, ask: Ask, model: Model, slot: str) -> None:
        """Take in a request for a model, whose queue is `slot`; raises `QueueFull`, `TooLate`."""
        now = time.monotonic()
        within_s = ask.within_s or [math.inf] * len(ask.items)
        deadlines = [now + one for one in within_s]
        last_s = max(within_s, default=math.inf)
        with self._lock:
            self._scheduler.admit(
                ask.request, len(ask.items), lane=ask.lane, slot=slot, patience_s=last_s
            )
            if ask.items:
                self._intake.add(
                    Job(ask=ask, model=model, slot=slot, queued_at=now, deadlines=deadlines)
                )
            self._coming.notify()

    def cancel(self, request: int) -> None:
        """Drop what still waits of a request."""
        with self._lock:
            self._intake.cancel(request)
            self._scheduler.cancel(request)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # without this thread nothing is ever answered
            self._broken(error)

    # -- prepare

    def _prepare_all(self) -> None:
        while (portion := self._await_portion()) is not None:
            self._prepare(portion)

    def _await_portion(self) -> Portion | None:
        with self._lock:
            self._coming.wait_for(lambda: self._stopping or not self._intake.is_idle)
            return None if self._stopping else self._intake.next_portion(time.monotonic())

    def _prepare(self, portion: Portion) -> None:
        now = time.monotonic()
        deadlines = portion.job.deadlines
        in_time = [place for place in portion.places if deadlines[place] > now]
        items = portion.job.ask.items
        encoded = prepare_each(portion.job.model, [items[place] for place in in_time])
        prepared = [
            new_entry(portion.job, place, one)
            for place, one in zip(in_time, encoded, strict=True)
            if one is not None
        ]
        with self._lock:
            self._scheduler.put(prepared)
            self._ready.notify()
        failed = [place for place, one in zip(in_time, encoded, strict=True) if one is None]
        late = [place for place in portion.places if deadlines[place] <= now]
        self._end_unprepared(portion, failed, NOT_PREPARED)
        self._end_unprepared(portion, late, EXPIRED)

    def _end_unprepared(self, portion: Portion, places: Sequence[int], error: ItemError) -> None:
        with self._lock:
            self._scheduler.settle(portion.job.ask.request, len(places))
        self._end([new_entry(portion.job, place, None) for place in places], error)

    # -- forward

    def _compute_all(self) -> None:
        while True:
            self._room.acquire()
            entries = self._await_entries()
            if entries is None:
                self._launched.put(None)
                return
            self._launch(entries)

    def _await_entries(self) -> Sequence[Entry] | None:
        """Return what to launch: of a batch that failed its parts first; None at the end."""
        while True:
            with self._lock:
                self._ready.wait_for(self._has_work)
                if self._stopping:
                    return None
                if self._again:
                    return self._again.pop()
                batch = self._scheduler.next_batch(time.monotonic())
                expired = self._scheduler.take_expired()
            self._end(expired, EXPIRED)
            if batch is not None:
                return batch.entries

    def _has_work(self) -> bool:
        return self._stopping or bool(self._again) or not self._scheduler.is_idle

    def _launch(self, entries: Sequence[Entry]) -> None:
        began = time.monotonic()
        try:
            finish = launch(entries[0].payload.model, [entry.payload.encoded for entry in entries])
        except Exception:  # whatever a model raises, some item of the batch may be the cause
            self._room.release()
            self._isolate(entries)
            return
        self._launched.put(_Flight(entries=entries, began=began, finish=finish))

    def _isolate(self, entries: Sequence[Entry]) -> None:
        """Halve a batch that failed until the item that fails stands alone."""
        if len(entries) == 1:
            self._blame(entries[0])
            return
        middle = len(entries) // 2
        with self._lock:
            self._again += [entries[middle:], entries[:middle]]
            self._ready.notify()

    def _blame(self, entry: Entry) -> None:
        # A device that is lost fails every item. Those are not to blame: what the model says to a
        # harmless text decides, and an error here ends the worker, whose successor is asked again.
        model = entry.payload.model
        launch(model, model.prepare([HARMLESS]))()
        self._end([entry], MODEL_FAILED)

    # -- finish

    def _finish_all(self) -> None:
        while (flight := self._launched.get()) is not None:
            self._finish(flight)

    def _finish(self, flight: _Flight) -> None:
        try:
            rows = flight.finish()
        except Exception:  # as in `_launch`
            self._isolate(flight.entries)
            return
        finally:
            self._room.release()
        ended = time.monotonic()
        with self._lock:
            # A batch that was launched behind another did not have the device before that ended.
            busy_s = ended - max(flight.began, self._free_since)
            self._scheduler.observe(flight.entries[0].slot, len(flight.entries), busy_s)
            self._free_since = ended
        took_s = ended - flight.began
        self._deliver(Done(entries=flight.entries, rows=rows, began=flight.began, took_s=took_s))

    def _end(self, entries: Sequence[Entry], error: ItemError) -> None:
        """Hand on what has no rows."""
        if entries:
            now = time.monotonic()
            self._deliver(Done(entries=entries, error=error, began=now, took_s=0.0))


def new_entry(job: Job, place: int, encoded: Encoded | None) -> Entry:
    """Return an item of a request as it is queued; None for one that will not ride."""
    return Entry(
        slot=job.slot,
        lane=job.ask.lane,
        length=0 if encoded is None else encoded.length,
        request=job.ask.request,
        place=place,
        queued_at=job.queued_at,
        deadline=job.deadlines[place],
        payload=Prepared(model=job.model, encoded=encoded),
    )


def prepare_each(model: Model, items: Sequence[Item]) -> list[Encoded | None]:
    """Return the items encoded; None for one that the model's tokenizer fails on."""
    if not items:
        return []
    try:
        encoded = list(model.prepare(items))
        if len(encoded) != len(items):
            raise ValueError(f"{len(encoded)} of {len(items)} items were prepared")
    except Exception:  # whatever a tokenizer raises, some item may be the cause
        if len(items) == 1:
            return [None]
        middle = len(items) // 2
        return prepare_each(model, items[:middle]) + prepare_each(model, items[middle:])
    return encoded
