"""Asking a model for many records: again while that helps, apart when one of them is the cause."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.client import Inference
from inference.messages import HARMLESS, WORKER_DIED, Answer, Item, ItemError
from inference.tasks.registry import TaskSpec
from streams import policy
from streams.retries import again


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What records of one chunk ask, the one of `places[n]` for `items[n]`."""

    places: Sequence[int]  # in the chunk
    items: Sequence[Item]
    deadlines: Sequence[float] | None  # Unix times by which their turns must have come, if any

    def part(self, start: int, stop: int) -> Asking:
        """Return some of them."""
        return Asking(
            places=self.places[start:stop],
            items=self.items[start:stop],
            deadlines=None if self.deadlines is None else self.deadlines[start:stop],
        )

    def within_s(self, now: float) -> list[float] | None:
        """Return how long each may wait from `now` (Unix time) on."""
        return None if self.deadlines is None else [each - now for each in self.deadlines]


async def ask(
    inference: Inference,
    spec: TaskSpec,
    slot: str,
    asking: Asking,
    answered: Callable[[Sequence[int], Answer], None],
    failed: Callable[[int, ItemError], None],
) -> None:
    """Ask a slot for all; each place gets its answer or its error as soon as it is there.

    Records that end the worker are halved until the one that does stands alone; each half is
    answered as soon as it can be. Raises what is a defect of ours, and `WorkerDied` if the worker
    ends whatever it is asked: then no record is to blame.
    """

    async def ask_all() -> Answer:
        within_s = asking.within_s(time.time())
        return await inference.ask(slot, asking.items, lane=spec.lane, within_s=within_s)

    try:
        answer = await again(ask_all, spec.name)
    except Exception as error:
        if not isinstance(policy.decide(error), policy.Apart):
            raise
    else:
        answered(asking.places, answer)
        return
    await again(lambda: inference.ask(slot, [HARMLESS], lane=spec.lane), spec.name)
    count = len(asking.places)
    if count == 1:
        failed(asking.places[0], WORKER_DIED)
        return
    # One after the other: together they would meet in one batch again, and die in it.
    await ask(inference, spec, slot, asking.part(0, count // 2), answered, failed)
    await ask(inference, spec, slot, asking.part(count // 2, count), answered, failed)
