"""A candidate model on a share of the traffic: asked in the shadow of the one in use.

Nobody waits for it. Its items wait in the last lane of all, and not for long; what it says is
compared with what was answered, and reported as counts that add up.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog

from inference.client import Inference
from inference.errors import InferenceError, ModelError
from inference.messages import Answer, Floats, Item, Lane, ModelInfo

log = structlog.get_logger(__name__)

MOST_WAITING = 64
"""Comparisons that wait; while there are as many, traffic passes uncompared."""
WITHIN_S = 10.0
"""A shadow that is later than that is no news."""
_PARTS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How two models compare on some items."""

    slot: str
    in_use: ModelInfo
    candidate: ModelInfo
    items: int  # compared: both models have a row
    pairs: Mapping[tuple[str, str], int]  # how often (in use, candidate) were the likeliest labels
    difference: float  # sum over the items of the rows' largest difference, column by column
    largest: float  # the largest of those


class Shadowed(Inference, Protocol):
    """What asks models, those in use and those loaded beside them."""

    async def ask_loaded(
        self, slot: str, items: Sequence[Item], *, lane: Lane, within_s: Sequence[float] | None
    ) -> Answer:
        """Return the rows of the model that is loaded and not in use."""
        ...


class Shadow:
    """Implements `Inference` by another, and compares shares of what it answers."""

    def __init__(self, inference: Shadowed, report: Callable[[Agreement], None]) -> None:
        self._inference = inference
        self._parts: dict[str, int] = {}  # by slot; none where nothing is compared
        self._report = report
        self._tasks: set[asyncio.Task[None]] = set()

    def compare(self, slot: str, share: float) -> None:
        """Compare this share (0 to 1) of a slot's items from now on."""
        self._parts.pop(slot, None)
        if parts := round(share * _PARTS):
            self._parts[slot] = parts

    def compares(self, slot: str) -> bool:
        """Return whether anything of a slot is compared."""
        return slot in self._parts

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The models in use."""
        return self._inference.models

    async def ask(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return what the model in use says."""
        answer = await self._inference.ask(slot, items, lane=lane, within_s=within_s)
        if self.compares(slot):
            self._compare(slot, items, answer)
        return answer

    async def stop(self) -> None:
        """Forget what is not compared yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _compare(self, slot: str, items: Sequence[Item], answer: Answer) -> None:
        if len(self._tasks) >= MOST_WAITING:
            return
        parts = self._parts[slot]
        places = [
            place
            for place in range(len(items))
            if place not in answer.errors and secrets.randbelow(_PARTS) < parts
        ]
        if places:
            drawn = [items[place] for place in places]
            task = asyncio.create_task(self._compare_later(drawn, answer, places))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _compare_later(
        self, items: Sequence[Item], answer: Answer, places: Sequence[int]
    ) -> None:
        slot = answer.model.slot
        try:
            other = await self._inference.ask_loaded(
                slot, items, lane=Lane.SHADOW, within_s=[WITHIN_S] * len(items)
            )
        except InferenceError as error:  # the traffic goes on as if there were no shadow
            if isinstance(error, ModelError):  # there is no candidate any more: one line is enough
                self.compare(slot, 0.0)
            log.warning(str(error), action="shadow_missed", slot=slot)
            return
        self._report(agreement(answer, places, other))


def agreement(answer: Answer, places: Sequence[int], other: Answer) -> Agreement:
    """Return how some rows of an answer compare with all those of another, in their order.

    Columns are matched by their labels; a label that one model does not know counts as 0 there.
    """
    pairs = [(place, at) for at, place in enumerate(places) if at not in other.errors]
    mine = _by_label(answer, [place for place, _ in pairs])
    theirs = _by_label(other, [at for _, at in pairs])
    labels = list(dict.fromkeys([*mine, *theirs]))
    nothing = np.zeros(len(pairs), dtype=np.float32)
    left = np.stack([mine.get(label, nothing) for label in labels], axis=1)
    right = np.stack([theirs.get(label, nothing) for label in labels], axis=1)
    differences = np.abs(left - right).max(axis=1, initial=0.0)
    likeliest = zip(left.argmax(axis=1).tolist(), right.argmax(axis=1).tolist(), strict=True)
    named = answer.model.labels and other.model.labels  # of a vector no column has a meaning
    return Agreement(
        slot=answer.model.slot,
        in_use=answer.model,
        candidate=other.model,
        items=len(pairs),
        pairs=Counter((labels[a], labels[b]) for a, b in likeliest) if named else {},
        difference=float(differences.sum()),
        largest=float(differences.max(initial=0.0)),
    )


def _by_label(answer: Answer, places: Sequence[int]) -> dict[str, Floats]:
    """Return columns by label, those of one label added up; of vectors, by their number."""
    rows = answer.rows[list(places)]
    names = answer.model.labels or tuple(map(str, range(answer.model.width)))
    columns: dict[str, Floats] = {}
    for at, name in enumerate(names):
        columns[name] = rows[:, at] + columns.get(name, np.float32(0))
    return columns
