"""What events ask of models beside their task's own: one request a slot, and what follows from it.

An ask may say what is to be asked once it is answered, so that what few events need is asked for
those alone, and nobody waits for it but they.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from inference.client import Inference
from inference.messages import EXPIRED, UNREADABLE, Answer, ItemError
from inference.tasks.registry import TaskSpec
from streams.asking import Asking, ask
from streams.errors import TaskFailed
from streams.handler import Ask

Placed = tuple[int, Ask]
"""A record's place in its chunk, and what it asks."""

Failed = Callable[[int, Exception | ItemError], None]
"""Told which record fails, and why; of one record maybe several times."""

Done = Callable[[Sequence[int]], None]
"""Told which records have nothing left to ask; each once."""

Deadlines = Callable[[Sequence[int]], list[float] | None]
"""Says until when (Unix time) the turns of records must have come; None: there is no bound."""


class FurtherAsking:
    """Asks for the records of one chunk, again and again until nothing is left to ask."""

    def __init__(
        self,
        inference: Inference,
        spec: TaskSpec,
        deadlines: Deadlines,
        *,
        answered: Callable[[Answer], None],
        failed: Failed,
        done: Done,
    ) -> None:
        """`answered` is told of each answer."""
        self._inference = inference
        self._spec = spec
        self._deadlines = deadlines
        self._answered = answered
        self._failed = failed
        self._done = done
        self._left: Counter[int] = Counter()  # items without an answer, by place
        self._following: list[Placed] = []

    async def ask(self, wanted: Sequence[Placed]) -> None:
        """Return when all is answered or has failed; raises what `streams.asking.ask` raises."""
        self._want(wanted)
        while self._following:
            by_slot: dict[str, list[Placed]] = defaultdict(list)
            for place, one in self._following:
                by_slot[one.slot].append((place, one))
            self._following = []
            await side_by_side(self._ask_slot(slot, asks) for slot, asks in by_slot.items())

    def _want(self, wanted: Iterable[Placed]) -> None:
        for place, one in wanted:
            self._left[place] += len(one.items)
            self._following.append((place, one))

    async def _ask_slot(self, slot: str, asks: Sequence[Placed]) -> None:
        lines = [(place, one) for place, one in asks for _ in one.items]
        asking = Asking(
            places=range(len(lines)),
            items=[item for _, one in asks for item in one.items],
            deadlines=self._deadlines([place for place, _ in lines]),
        )

        def answered(numbers: Sequence[int], answer: Answer) -> None:
            self._answered(answer)
            for at, number in enumerate(numbers):
                self._take(*lines[number], answer, at)
            self._close([lines[number][0] for number in numbers])

        def failed(number: int, error: ItemError) -> None:
            place, _ = lines[number]
            self._failed(place, error)
            self._close([place])

        await ask(self._inference, self._spec, slot, asking, answered, failed)

    def _take(self, place: int, one: Ask, answer: Answer, at: int) -> None:
        error = answer.errors.get(at)
        if error is None or (error.code == UNREADABLE.code and one.answers_unread):
            one.rows = [*one.rows, answer.rows[at]]
            one.model = answer.model
            if one.then is not None and len(one.rows) == len(one.items):
                self._follow(place, one, one.then)
        elif error.code != EXPIRED.code:
            self._failed(place, error)

    def _follow(self, place: int, one: Ask, then: Callable[[Ask], Sequence[Ask]]) -> None:
        try:
            self._want((place, another) for another in then(one))
        except Exception as error:  # one event's failure is its own
            self._failed(place, TaskFailed(error))

    def _close(self, places: Sequence[int]) -> None:
        """Take in that one item of each place has its answer."""
        self._left.subtract(places)
        ended = [place for place in dict.fromkeys(places) if not self._left[place]]
        if ended:
            self._done(ended)


async def side_by_side(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run at once; raises the first failure as it is, a cancellation too, the others cancelled."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
