"""What an agent brings to the pipeline: how one kind of event becomes an outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inference.messages import Item, ModelInfo
from inference.tasks.registry import TaskSpec
from streams.outgoing import Envelope, Outgoing
from streams.tables import Changes

Row = NDArray[np.float32]
"""A model's answer for one item: probabilities or a vector."""


@dataclass(kw_only=True, slots=True, eq=False)
class Question:
    """What an event asks of a model, and what its answer will be read with."""

    item: Item | None  # of the task's own slot; None where no model needs to be asked
    context: Any = None  # the handler's own: state as it was when the event came
    further: Sequence[Ask] = ()  # of other slots; all are answered before the event is decided


@dataclass(kw_only=True, slots=True, eq=False)
class Ask:
    """What is asked for an event beside its question's own item; the answer is put in here.

    What the events of a chunk ask of one slot is one request to it, or several where it is much;
    one `Ask` is never divided. A failure of any item is the event's failure.
    """

    slot: str
    items: Sequence[Item]  # at least one
    answers_unread: bool = False  # whether a row without numbers says something, too
    then: Callable[[Ask], Sequence[Ask]] | None = None  # what to ask once this is answered
    rows: Sequence[Row] = ()  # as many as items; fewer where there was no time
    model: ModelInfo | None = None  # that gave them

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError("who asks for nothing would wait for ever")


class Handler(Protocol):
    """One task on one source.

    `deadline_s` bounds, in seconds after the event's Kafka timestamp, when its turn at the model
    must have come; what comes too late is decided without an answer. Infinity is no bound.

    `prepare` runs when events come, `decide` when their outcomes leave: in the order of the
    partition's events of one `key`. Both may read and write state, under that key; a table is
    written in one of the two only, so that its changelog keeps the order. Only what `changes`
    holds is written exactly once. An exception becomes a dead letter of that event alone.
    """

    spec: TaskSpec
    deadline_s: float

    def key(self, event: Any) -> str:
        """Return whose event it is: outcomes of one key leave in the order of its events."""
        ...

    def prepare(self, event: Any, changes: Changes) -> Question:
        """Return what to ask for `event`, and write what it changes."""
        ...

    def decide(
        self,
        event: Any,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return the event's outcome, and write what it changes.

        `row` is None where no model was asked, or had no time. It holds no numbers where the model
        could not read the item, for tasks that are said to answer that too.
        """
        ...


def answered(row: Row | None) -> Row:
    """Return the row that a model was asked for; raises `ValueError` if there is none."""
    if row is None:
        raise ValueError("the model gave no answer")
    return row
