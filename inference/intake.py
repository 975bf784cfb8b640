"""What waits to be prepared: requests by lane and model, taken a portion of items at a time.

A pure object like the scheduler, and fair as it is. A portion holds items of as many requests as
fill it: where events come one by one, a request is two texts, and what a portion costs by itself
would else be paid for each. A large request is taken in several portions, so that its first items
ride while its last ones are prepared, and a more urgent one waits for a portion and not for a
thousand texts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.frames import Ask
from inference.lanes import Turns
from inference.messages import Lane
from inference.models.base import Model
from inference.owed import Place
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
    """Items of one lane and model that are prepared together, at least one."""

    asked: Sequence[tuple[Job, int]]  # requests, and the items' places in them
    is_apart: bool = False  # it is one item, and rides with no other

    @property
    def model(self) -> Model:
        """Which all of them ask."""
        return self.asked[0][0].model

    @property
    def name(self) -> str:
        """What requests call that model by."""
        return self.asked[0][0].ask.slot

    @property
    def ids(self) -> list[ItemId]:
        """Which items these are."""
        return [(job.ask.request, place) for job, place in self.asked]


@dataclass(kw_only=True, eq=False)
class _Rest:
    job: Job
    start: int = 0  # the first place that was not taken

    @property
    def is_apart(self) -> bool:
        return self.start in self.job.ask.apart

    def take(self, most: int) -> list[tuple[Job, int]]:
        """Take items up to the next that rides with no other."""
        ask = self.job.ask
        stop = min(self.start + most, len(ask.items))
        stop = min([stop, *(place for place in ask.apart if place > self.start)])
        places, self.start = range(self.start, stop), stop
        return [(self.job, place) for place in places]


def _anything(_: Place) -> bool:
    return True


class Intake:
    """Requests that are not prepared yet."""

    def __init__(self, turns: Turns | None = None, portion_items: int = PORTION_ITEMS) -> None:
        self._turns = turns or Turns()
        self._portion_items = portion_items
        self._queues: dict[Place, deque[_Rest]] = {}  # none is empty

    def add(self, job: Job) -> None:
        """Queue a request of at least one item."""
        queue = self._queues.setdefault((job.ask.lane, job.slot), deque())
        queue.append(_Rest(job=job))

    def has_portion(self, is_wanted: Callable[[Place], bool] = _anything) -> bool:
        """Whether something waits in a queue that is wanted."""
        return any(map(is_wanted, self._queues))

    def next_portion(
        self, now: float, is_wanted: Callable[[Place], bool] = _anything
    ) -> Portion | None:
        """Return the next items of the lane whose turn it is, of the queues that are wanted.

        They are of the model whose request is the oldest.
        """
        wanted = {
            queue: rests[0].job.queued_at
            for queue, rests in self._queues.items()
            if is_wanted(queue)
        }
        if not wanted:
            return None
        oldest: dict[Lane, float] = {}
        for (lane, _), since in wanted.items():
            oldest[lane] = min(since, oldest.get(lane, since))
        chosen = self._turns.choose(oldest, now)
        queue = min((one for one in wanted if one[0] is chosen), key=wanted.__getitem__)
        portion = self._take(self._queues[queue])
        self._turns.charge(chosen, len(portion.asked))
        self._drop_empty()
        return portion

    def _take(self, rests: deque[_Rest]) -> Portion:
        if rests[0].is_apart:
            portion = Portion(asked=rests[0].take(1), is_apart=True)
            _pop_done(rests)
            return portion
        asked: list[tuple[Job, int]] = []
        while rests and not rests[0].is_apart and len(asked) < self._portion_items:
            asked += rests[0].take(self._portion_items - len(asked))
            _pop_done(rests)
        return Portion(asked=asked)

    def cancel(self, request: int) -> None:
        """Forget a request."""
        for queue, rests in self._queues.items():
            kept = (one for one in rests if one.job.ask.request != request)
            self._queues[queue] = deque(kept)
        self._drop_empty()

    def _drop_empty(self) -> None:
        self._queues = {queue: rests for queue, rests in self._queues.items() if rests}


def _pop_done(rests: deque[_Rest]) -> None:
    if rests[0].start == len(rests[0].job.ask.items):
        rests.popleft()
