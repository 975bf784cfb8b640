"""What events ask of models beside their task's own: one request a slot, and what follows from it.

An ask may say what is to be asked once it is answered, so that what few events need is asked for
those alone.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
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


Deadlines = Callable[[Sequence[int]], list[float] | None]
"""Says until when (Unix time) the turns of records must have come; None: there is no bound."""


@dataclass(frozen=True, kw_only=True)
class FurtherAsking:
    """Asks for the records of one chunk, again and again until nothing is left to ask."""

    inference: Inference
    spec: TaskSpec
    deadlines: Deadlines
    answered: Callable[[Answer], None]  # told of each answer
    failed: Failed

    async def ask(self, wanted: Sequence[Placed]) -> None:
        """Return when all is answered or has failed; raises what `streams.asking.ask` raises."""
        while wanted:
            by_slot: dict[str, list[Placed]] = defaultdict(list)
            for place, one in wanted:
                by_slot[one.slot].append((place, one))
            await _all(self._ask_slot(slot, asks) for slot, asks in by_slot.items())
            wanted = list(self._what_follows(wanted))

    async def _ask_slot(self, slot: str, asks: Sequence[Placed]) -> None:
        lines = [(place, one) for place, one in asks for _ in one.items]
        places = [place for place, _ in lines]
        asking = Asking(
            places=range(len(lines)),
            items=[item for _, one in asks for item in one.items],
            deadlines=self.deadlines(places),
        )

        def answered(numbers: Sequence[int], answer: Answer) -> None:
            self.answered(answer)
            for at, number in enumerate(numbers):
                self._take(*lines[number], answer, at)

        def failed(number: int, error: ItemError) -> None:
            self.failed(places[number], error)

        await ask(self.inference, self.spec, slot, asking, answered, failed)

    def _take(self, place: int, one: Ask, answer: Answer, at: int) -> None:
        error = answer.errors.get(at)
        if error is None or (error.code == UNREADABLE.code and one.answers_unread):
            one.rows = [*one.rows, answer.rows[at]]
            one.model = answer.model
        elif error.code != EXPIRED.code:
            self.failed(place, error)

    def _what_follows(self, asked: Sequence[Placed]) -> Iterator[Placed]:
        for place, one in asked:
            if one.then is None or len(one.rows) < len(one.items):
                continue
            try:
                more = one.then(one)
            except Exception as error:  # one event's failure is its own
                self.failed(place, TaskFailed(error))
            else:
                yield from ((place, another) for another in more)


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run side by side; raises the first failure as it is, the others cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
