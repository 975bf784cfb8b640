"""A chunk on its way through a pipeline: what is known of each of its records, by place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from inference.messages import Answer, ModelInfo
from schemas.results import ModelId
from streams.chunks import Chunk
from streams.handler import Ask, Question, Row
from streams.ordering import Group
from streams.outgoing import Stamp, model_id
from streams.publisher import Publication
from streams.tables import Changes

_DIGITS = 3  # of milliseconds: microseconds


@dataclass(eq=False, slots=True)
class Answered:
    """An answer, read once for all that asked together."""

    rows: list[Row]
    model: ModelInfo
    model_id: ModelId
    queue_ms: list[float]
    compute_ms: list[float]

    @classmethod
    def of(cls, answer: Answer) -> Answered:
        """Return what all of the answer's records share."""
        return cls(
            rows=list(answer.rows),
            model=answer.model,
            model_id=model_id(answer.model),
            queue_ms=answer.queue_ms.astype(np.float64).round(_DIGITS).tolist(),
            compute_ms=answer.compute_ms.astype(np.float64).round(_DIGITS).tolist(),
        )


@dataclass(eq=False, slots=True)
class Prepared:
    """A record that is an event: what it is, asks and writes."""

    event: Any
    question: Question
    changes: Changes


class Flight(Group):
    """The records of one chunk on their way, by place."""

    __slots__ = ("_answers", "_open", "buried", "chunk", "further", "prepared", "stamp")

    def __init__(self, chunk: Chunk, stamp: Stamp) -> None:
        count = len(chunk.records)
        super().__init__([None] * count)
        self.chunk = chunk
        self.stamp = stamp
        self.prepared: list[Prepared | None] = [None] * count
        self.buried: dict[int, Publication] = {}  # dead letters
        self.further: list[tuple[int, Ask]] = []  # by place: what is asked of other slots
        self._answers: dict[int, tuple[Answered, int]] = {}
        self._open: set[int] = set()  # places that wait for one thing more

    def number(self, place: int) -> int:
        """Return the record's number in the partition's ledger."""
        return self.chunk.first + place

    def event(self, place: int) -> Prepared:
        """Return what was prepared for a record that is no dead letter."""
        one = self.prepared[place]
        if one is None:
            raise ValueError("the record became no event")
        return one

    def ask_further(self, place: int, asks: Sequence[Ask]) -> None:
        """Let a record wait for what it asks of other slots, too."""
        self.further += [(place, one) for one in asks]
        self._open.add(place)

    def close(self, places: Collection[int]) -> Collection[int]:
        """Return those of the places that wait for nothing more.

        Told once when a place's own item is answered, and once when all that it asks further is.
        """
        if self._open.isdisjoint(places):
            return places
        waiting = self._open.intersection(places)
        self._open -= waiting
        return [place for place in places if place not in waiting]

    def answer(self, places: Sequence[int], answered: Answered) -> None:
        """Keep the answer to what the records at `places` asked, in this order."""
        found = zip(repeat(answered), range(len(places)), strict=False)
        self._answers.update(zip(places, found, strict=True))

    def unanswer(self, place: int) -> None:
        """Forget that a record had an answer."""
        del self._answers[place]

    def answered(self, place: int) -> tuple[Answered, int] | None:
        """Return the answer and the record's row in it; None where no model answered."""
        return self._answers.get(place)
