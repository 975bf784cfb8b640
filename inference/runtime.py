"""Inside the worker: prepare, forward and finish, each in its own thread and at its own pace.

Requests are prepared in threads of their own, a portion at a time; the device's forms a batch of
what is prepared whenever it is free; another fetches the rows and hands them on, and they are put
together elsewhere (`desk`). What is late is dropped before the step that would cost something.
All go by urgency: a flood in one lane must not keep a more urgent one from being served.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from inference.desk import Done
from inference.faults import is_out_of_memory
from inference.frames import Ask
from inference.intake import Intake, Job, Portion
from inference.launch import LAUNCHED, Finish, launch
from inference.messages import EXPIRED, HARMLESS, ItemError, Lane, Statistics
from inference.models.base import Model
from inference.owed import Place
from inference.preparing import prepare_each, prepared
from inference.recorder import ItemId
from inference.repeats import Repeats, Sorted
from inference.scheduler import Entry, Scheduler
from inference.tally import Tally
from inference.watch import Watch

T = TypeVar("T")

MODEL_FAILED = ItemError(code="model_failed", reason="the model failed on this text")
OUT_OF_MEMORY = ItemError(
    code="out_of_memory", reason="this text alone does not fit into the device's memory"
)
MEASURE_PATIENCE = 10.0
"""A candidate's first passes are slow, and only what never ends is to end the worker for it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Flight:
    """A batch that was launched."""

    entries: Sequence[Entry]
    began: float
    finish: Finish


class Runtime:
    """Queues and threads; `deliver` and `broken` are called from those."""

    def __init__(
        self,
        scheduler: Scheduler,
        deliver: Callable[[Done], None],
        broken: Callable[[BaseException], None],
        *,
        cache_bytes: int = 0,
        preparers: int = 1,
        watch: Watch | None = None,
    ) -> None:
        self.watch = watch or Watch()
        self._deliver = deliver
        self._broken = broken
        self._lock = threading.Lock()
        # Under the lock:
        self._scheduler = scheduler
        self._intake = Intake()
        self._repeats = Repeats(cache_bytes)
        self._tally = Tally()
        self._errands: deque[Callable[[], None]] = deque()
        self._free_since = 0.0  # when the last batch ended
        self._stopping = False
        self._coming = threading.Condition(self._lock)  # something is to be prepared
        self._ready = threading.Condition(self._lock)  # something can ride
        self._room = threading.Semaphore(LAUNCHED)
        self._launched: queue.SimpleQueue[_Flight | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=name, daemon=True)
            for name, work in (
                *((f"prepare {number}", self._prepare_all) for number in range(preparers)),
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
            self._coming.notify_all()
            self._ready.notify()
        for thread in self._threads:
            thread.join()

    def submit(self, ask: Ask, model: Model, slot: str) -> None:
        """Take in a request for a model, whose queue is `slot`; raises `QueueFull`, `TooLate`."""
        now = time.monotonic()
        within_s = [math.inf] * len(ask.items) if ask.within_s is None else ask.within_s
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
            self._reseat(self._scheduler.cancel(request))
            self._ready.notify()

    def allow(self, slot: str, tokens: int) -> None:
        """Set the padded tokens of a model's batches."""
        with self._lock:
            self._scheduler.allowance.allow(slot, tokens)

    def forget(self, slot: str) -> None:
        """Drop what is known of a model that is asked no more."""
        with self._lock:
            self._scheduler.forget(slot)

    def statistics(self, queues: Mapping[str, str], device_bytes: Mapping[str, int]) -> Statistics:
        """Return how things stand; `queues` are those of the models in use, by slot."""
        with self._lock:
            return Statistics(
                waiting={lane.name.lower(): self._scheduler.waiting(lane) for lane in Lane},
                batch_tokens={slot: self._scheduler.budget(key) for slot, key in queues.items()},
                cached_rows=len(self._repeats.cache),
                cached_bytes=self._repeats.cache.bytes,
                hits=dict(self._repeats.hits),
                misses=dict(self._repeats.misses),
                worked=self._tally.by_slot(),
                device_bytes=device_bytes,
            )

    def between_batches(self, job: Callable[[], T]) -> T:
        """Run a job in the device's thread, alone; between two jobs a batch has its turn."""
        done: Future[T] = Future()

        def errand() -> None:
            try:
                done.set_result(job())
            except Exception as error:  # it is the asker's
                done.set_exception(error)

        with self._lock:
            self._errands.append(errand)
            self._ready.notify()
        return done.result()

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # without this thread nothing is ever answered
            self._broken(error)

    # -- prepare

    # A thread that waits must hold nothing of what it did last: a model that is freed would stay.

    def _prepare_all(self) -> None:
        while self._prepare_next():
            pass

    def _prepare_next(self) -> bool:
        portion = self._await_portion()
        if portion is None:
            return False
        with self.watch.over(threading.current_thread().name, portion.ids):
            self._prepare(portion)
        return True

    def _await_portion(self) -> Portion | None:
        with self._lock:
            self._coming.wait_for(self._has_portion)
            if self._stopping:
                return None
            portion = self._intake.next_portion(time.monotonic(), self._is_wanted)
            self._coming.notify()  # another thread takes the rest
            return portion

    def _has_portion(self) -> bool:
        return self._stopping or self._intake.has_portion(self._is_wanted)

    def _is_wanted(self, place: Place) -> bool:
        return not self._scheduler.is_stocked(place)

    def _prepare(self, portion: Portion) -> None:
        now = time.monotonic()
        entries = self._repeats.entries(portion.asked)
        with self._lock:
            in_time = [entry for entry in entries if entry.deadline > now]
            found = self._repeats.sort(portion.name, in_time)
            self._settle(found.known)
        self._answer(found)
        encoded = prepare_each(portion.model, [one.payload for one in found.rides])
        pairs = list(zip(found.rides, encoded, strict=True))
        riding = [
            prepared(entry, portion.model, one)
            for entry, one in pairs
            if not isinstance(one, ItemError)
        ]
        self._put(riding, is_apart=portion.is_apart)
        for entry, one in pairs:
            if isinstance(one, ItemError):
                self._end([entry], one)
        self._end([entry for entry in entries if entry.deadline <= now], EXPIRED)

    def _put(self, entries: Sequence[Entry], *, is_apart: bool) -> None:
        with self._lock:
            put = self._scheduler.put_apart if is_apart else self._scheduler.put
            self._reseat(put(entries))
            self._ready.notify()

    def _settle(self, entries: Sequence[Entry]) -> None:
        """Give back the room of what will not ride; under the lock."""
        for entry in entries:
            self._scheduler.settle(entry.request, 1)

    def _answer(self, found: Sorted) -> None:
        if found.known:
            now, rows = time.monotonic(), np.stack(found.rows)
            self._deliver(Done(entries=found.known, rows=rows, began=now, took_s=0.0, cached=True))

    def _reseat(self, entries: Sequence[Entry]) -> None:
        """Let others ride instead of what is expired or cancelled; under the lock."""
        pending = list(entries)
        while pending:
            heir = self._repeats.heir(pending.pop())
            if heir is not None:
                pending += self._scheduler.put([heir])

    # -- forward

    def _compute_all(self) -> None:
        while self._compute_next():
            pass
        self._launched.put(None)

    def _compute_next(self) -> bool:
        self._room.acquire()
        entries = self._await_entries()
        if entries is None:
            return False
        with self.watch.over("forward", _ids(entries)):
            self._launch(entries)
        return True

    def _await_entries(self) -> Sequence[Entry] | None:
        """Return what to launch; None at the end."""
        while True:
            self._run_errand()
            with self._lock:
                self._ready.wait_for(self._has_work)
                if self._stopping:
                    return None
                batch = self._scheduler.next_batch(time.monotonic())
                expired = self._scheduler.take_expired()
                self._reseat(expired)
                self._coming.notify()  # there may be room for more
            self._deliver_error(expired, EXPIRED)
            if batch is not None:
                return batch.entries

    def _has_work(self) -> bool:
        return self._stopping or bool(self._errands) or not self._scheduler.is_idle

    def _run_errand(self) -> None:
        with self._lock:
            if not self._errands:
                return
            errand = self._errands.popleft()
        others = LAUNCHED - 1  # one of the rooms is this thread's already
        for _ in range(others):  # what is timed must have the device to itself
            self._room.acquire()
        try:
            with self.watch.over("measure", patience=MEASURE_PATIENCE):
                errand()
        finally:
            self._room.release(others)

    def _launch(self, entries: Sequence[Entry]) -> None:
        began = time.monotonic()
        try:
            finish = launch(entries[0].payload.model, [entry.payload.encoded for entry in entries])
        except Exception as error:  # whatever a model raises, some item may be the cause
            self._room.release()
            self._isolate(entries, error)
            return
        self._launched.put(_Flight(entries=entries, began=began, finish=finish))

    def _isolate(self, entries: Sequence[Entry], error: Exception) -> None:
        """Halve a batch that failed until the item that fails stands alone."""
        is_memory, slot = is_out_of_memory(error), entries[0].slot
        if len(entries) == 1:
            self._blame(entries[0], OUT_OF_MEMORY if is_memory else MODEL_FAILED)
            return
        middle = len(entries) // 2
        with self._lock:
            if is_memory:  # what did not fit now will not fit next time
                self._scheduler.allowance.too_large(slot, _cost(entries))
            for part in (entries[middle:], entries[:middle]):
                self._reseat(self._scheduler.take_back(part))
            self._ready.notify()

    def _blame(self, entry: Entry, reason: ItemError) -> None:
        # A device that is lost fails every item. Those are not to blame: what the model says to a
        # harmless text decides, and an error here ends the worker, whose successor is asked again.
        model = entry.payload.model
        launch(model, model.prepare([HARMLESS]))()
        with self._lock:
            if reason is OUT_OF_MEMORY:  # it was this text that was too large, and not the budget
                self._scheduler.allowance.restore(entry.slot)
            self._scheduler.land([entry])
        self._end_followers([entry], reason)
        self._deliver_error([entry], reason)

    # -- finish

    def _finish_all(self) -> None:
        while self._finish_next():
            pass

    def _finish_next(self) -> bool:
        flight = self._launched.get()
        if flight is None:
            return False
        with self.watch.over("finish", _ids(flight.entries)):
            self._finish(flight)
        return True

    def _finish(self, flight: _Flight) -> None:
        try:
            rows = flight.finish()
        except Exception as error:  # as in `_launch`
            self._isolate(flight.entries, error)
            return
        finally:
            self._room.release()
        ended = time.monotonic()
        with self._lock:
            # A batch that was launched behind another did not have the device before that ended.
            busy_s = ended - max(flight.began, self._free_since)
            slot = flight.entries[0].slot
            self._scheduler.observe(slot, len(flight.entries), busy_s)
            self._tally.rode(flight.entries, self._scheduler.budget(slot), busy_s)
            self._scheduler.allowance.fitted(slot, _cost(flight.entries))
            self._scheduler.land(flight.entries)
            self._free_since = ended
            self._repeats.learn(flight.entries, rows)
        took_s = ended - flight.began
        self._deliver(Done(entries=flight.entries, rows=rows, began=flight.began, took_s=took_s))
        followers, places = self._land(flight.entries)
        if followers:
            self._deliver(
                Done(entries=followers, rows=rows[places], began=ended, took_s=0.0, cached=True)
            )

    def _land(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[int]]:
        with self._lock:
            followers, places = self._repeats.land(entries)
            self._settle(followers)
        return followers, places

    def _end(self, entries: Sequence[Entry], error: ItemError) -> None:
        """Hand on what will not ride, and what followed it."""
        with self._lock:
            self._settle(entries)
        self._end_followers(entries, error)
        self._deliver_error(entries, error)

    def _end_followers(self, entries: Sequence[Entry], error: ItemError) -> None:
        followers, _ = self._land(entries)
        self._deliver_error(followers, error)

    def _deliver_error(self, entries: Sequence[Entry], error: ItemError) -> None:
        if entries:
            now = time.monotonic()
            self._deliver(Done(entries=entries, error=error, began=now, took_s=0.0))


def _ids(entries: Sequence[Entry]) -> list[ItemId]:
    return [(entry.request, entry.place) for entry in entries]


def _cost(entries: Sequence[Entry]) -> int:
    return max(entry.length for entry in entries) * len(entries)
