"""What events ask of models beside their task's own: one request a slot, and what follows from it.

An ask may say what is to be asked once it is answered, so that what few events need is asked for
those alone, and nobody waits for it but they. Much is asked in portions, one after the other: the
other partitions' chunks find room between them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, Final

from inference.client import Inference
from inference.messages import EXPIRED, UNREADABLE, Answer, ItemError
from inference.tasks.registry import TaskSpec
from streams.asking import Asking, ask
from streams.chunks import MAX_CHUNK_RECORDS
from streams.errors import TaskFailed
from streams.handler import Ask

MOST_ITEMS: Final = MAX_CHUNK_RECORDS
"""Of one request: who comes behind it waits no longer than for a chunk."""

Placed = tuple[int, Ask]
"""A record's place in its chunk, and what it asks."""

Failed = Callable[[int, Exception | ItemError], None]
"""Told which record fails, and why; of one record maybe several times."""

Done = Callable[[Sequence[int]], None]
"""Told which records have nothing left to ask; each once."""

Deadlines = Callable[[Sequence[int]], list[float] | None]
"""Says until when (Unix time) the turns of records must have come; None: there is no bound."""


class FurtherAsking:
    """Asks for the records of one chunk until nothing is left to ask."""

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

    async def ask(self, wanted: Sequence[Placed]) -> None:
        """Return when all is answered or has failed; raises what `streams.asking.ask` raises."""
        self._want(wanted)
        await self._ask_slots(wanted)

    def _want(self, wanted: Iterable[Placed]) -> None:
        for place, one in wanted:
            self._left[place] += len(one.items)

    async def _ask_slots(self, wanted: Sequence[Placed]) -> None:
        by_slot: dict[str, list[Placed]] = defaultdict(list)
        for place, one in wanted:
            by_slot[one.slot].append((place, one))
        await side_by_side(self._ask_slot(slot, asks) for slot, asks in by_slot.items())

    async def _ask_slot(self, slot: str, asks: Sequence[Placed]) -> None:
        for portion in _portions(asks):
            await self._ask_slots(await self._ask_portion(slot, portion))

    async def _ask_portion(self, slot: str, asks: Sequence[Placed]) -> Sequence[Placed]:
        """Return what is to be asked next, as the answers say."""
        following: list[Placed] = []
        lines = [(place, one) for place, one in asks for _ in one.items]
        asking = Asking(
            places=range(len(lines)),
            items=[item for _, one in asks for item in one.items],
            deadlines=self._deadlines([place for place, _ in lines]),
        )

        def answered(numbers: Sequence[int], answer: Answer) -> None:
            self._answered(answer)
            for at, number in enumerate(numbers):
                following.extend(self._take(*lines[number], answer, at))
            self._close([lines[number][0] for number in numbers])

        def failed(number: int, error: ItemError) -> None:
            place, _ = lines[number]
            self._failed(place, error)
            self._close([place])

        await ask(self._inference, self._spec, slot, asking, answered, failed)
        return following

    def _take(self, place: int, one: Ask, answer: Answer, at: int) -> Sequence[Placed]:
        """Put an item's row into its ask; return what follows from it."""
        error = answer.errors.get(at)
        if error is None or (error.code == UNREADABLE.code and one.answers_unread):
            one.rows = [*one.rows, answer.rows[at]]
            one.model = answer.model
            if one.then is not None and len(one.rows) == len(one.items):
                return self._follow(place, one, one.then)
        elif error.code != EXPIRED.code:
            self._failed(place, error)
        return ()

    def _follow(
        self, place: int, one: Ask, then: Callable[[Ask], Sequence[Ask]]
    ) -> Sequence[Placed]:
        try:
            following = [(place, another) for another in then(one)]
        except Exception as error:  # one event's failure is its own
            self._failed(place, TaskFailed(error))
            return ()
        self._want(following)
        return following

    def _close(self, places: Sequence[int]) -> None:
        """Take in that one item of each place has its answer."""
        self._left.subtract(places)
        ended = [place for place in dict.fromkeys(places) if not self._left[place]]
        if ended:
            self._done(ended)


def _portions(asks: Sequence[Placed]) -> Iterator[Sequence[Placed]]:
    """Yield the asks, none of them divided, in requests of `MOST_ITEMS`; a larger one is alone."""
    portion: list[Placed] = []
    items = 0
    for place, one in asks:
        if portion and items + len(one.items) > MOST_ITEMS:
            yield portion
            portion, items = [], 0
        portion.append((place, one))
        items += len(one.items)
    if portion:
        yield portion


async def side_by_side(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run at once; raises the first failure as it is, a cancellation too, the others cancelled."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
