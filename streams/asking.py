"""Asking a model for many records: again while that helps, apart when one of them is the cause."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from inference.client import Inference
from inference.messages import HARMLESS, WORKER_DIED, Answer, Item, ItemError
from inference.tasks.registry import TaskSpec
from streams import policy
from streams.retries import again


class Asking(Protocol):
    """A record with something to ask."""

    @property
    def item(self) -> Item:
        """What to ask."""
        ...

    @property
    def deadline(self) -> float:
        """Unix time by which its turn must have come; infinity if there is none."""
        ...


T = TypeVar("T", bound=Asking)


async def ask(
    inference: Inference,
    spec: TaskSpec,
    asking: Sequence[T],
    answered: Callable[[Sequence[T], Answer], None],
    failed: Callable[[T, ItemError], None],
) -> None:
    """Ask for all; each gets its answer or its error as soon as it is there.

    Records that end the worker are halved until the one that does stands alone; each half is
    answered as soon as it can be. Raises what is a defect of ours, and `WorkerDied` if the worker
    ends whatever it is asked: then no record is to blame.
    """
    items = [one.item for one in asking]

    async def ask_all() -> Answer:
        within_s = _within_s(asking, time.time())
        return await inference.ask(spec.slot, items, lane=spec.lane, within_s=within_s)

    try:
        answer = await again(ask_all, spec.name)
    except Exception as error:
        if not isinstance(policy.decide(error), policy.Apart):
            raise
    else:
        answered(asking, answer)
        return
    await again(lambda: inference.ask(spec.slot, [HARMLESS], lane=spec.lane), spec.name)
    if len(asking) == 1:
        failed(asking[0], WORKER_DIED)
        return
    middle = len(asking) // 2
    # One after the other: together they would meet in one batch again, and die in it.
    await ask(inference, spec, asking[:middle], answered, failed)
    await ask(inference, spec, asking[middle:], answered, failed)


def _within_s(asking: Sequence[Asking], now: float) -> list[float] | None:
    deadlines = [one.deadline for one in asking]
    return None if min(deadlines) == math.inf else [deadline - now for deadline in deadlines]
