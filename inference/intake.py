"""What waits to be prepared: requests by lane, taken a few items at a time.

A pure object like the scheduler, and fair as it is. A request is taken in portions, so that its
first items ride while its last ones are prepared, and so that a more urgent request waits for a
portion and not for a thousand texts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from inference.frames import Ask
from inference.lanes import Turns
from inference.messages import Item, Lane
from inference.models.base import Model
from inference.recorder import ItemId

PORTION_ITEMS = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One admitted request."""

    ask: Ask
    model: Model  # which answers it, whatever is swapped while it waits
    slot: str  # that model's queue in the scheduler
    queued_at: float  # seconds, of the caller's clock
    deadlines: Sequence[float]  # of each item, of the same clock


@dataclass(frozen=True, kw_only=True, eq=False)
class Portion:
    """Items of one request that are prepared together."""

    job: Job
    places: range  # of the items in the request
    is_apart: bool = False  # it is one item, and rides with no other

    @property
    def ids(self) -> list[ItemId]:
        """Which items these are."""
        request = self.job.ask.request
        return [(request, place) for place in self.places]

    @property
    def items(self) -> Sequence[Item]:
        """What the model is asked."""
        return self.job.ask.items[self.places.start : self.places.stop]


class Intake:
    """Requests that are not prepared yet."""

    def __init__(self, turns: Turns | None = None, portion_items: int = PORTION_ITEMS) -> None:
        self._turns = turns or Turns()
        self._portion_items = portion_items
        self._jobs: dict[Lane, deque[tuple[Job, int]]] = {}  # no empty lane; with what is done

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits."""
        return not self._jobs

    def add(self, job: Job) -> None:
        """Queue a request of at least one item."""
        self._jobs.setdefault(job.ask.lane, deque()).append((job, 0))

    def next_portion(self, now: float) -> Portion | None:
        """Return the next items of the oldest request of the lane whose turn it is."""
        if not self._jobs:
            return None
        oldest = {lane: jobs[0][0].queued_at for lane, jobs in self._jobs.items()}
        lane = self._turns.choose(oldest, now)
        jobs = self._jobs[lane]
        job, start = jobs.popleft()
        stop = min(start + self._portion_items, len(job.ask.items))
        is_apart = start in job.ask.apart
        if is_apart:
            stop = start + 1
        elif job.ask.apart:
            stop = min([stop, *(place for place in job.ask.apart if place > start)])
        places = range(start, stop)
        if places.stop < len(job.ask.items):
            jobs.appendleft((job, places.stop))
        self._turns.charge(lane, len(places))
        self._keep(lane, jobs)
        return Portion(job=job, places=places, is_apart=is_apart)

    def cancel(self, request: int) -> None:
        """Forget a request."""
        for lane, jobs in list(self._jobs.items()):
            self._keep(lane, deque(one for one in jobs if one[0].ask.request != request))

    def _keep(self, lane: Lane, jobs: deque[tuple[Job, int]]) -> None:
        if jobs:
            self._jobs[lane] = jobs
        else:
            del self._jobs[lane]
