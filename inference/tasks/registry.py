"""The tasks, one line each; a new task is added here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from inference.messages import Lane
from schemas.results import Envelope, Recommendations, Reply, ReviewDecision, ReviewLabels


class Rows(Enum):
    """What a model gives for an item."""

    LABELS = "probabilities of labels"
    VECTORS = "vectors"


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One task: what it reads, which model it asks and what it writes."""

    name: str  # as in results and metrics
    source: str  # id of the topic that it reads
    slot: str  # name of the model that it asks
    result: type[Envelope]  # what it writes
    lane: Lane  # the queue that it waits in
    rows: Rows = Rows.LABELS  # what it reads of the model
    answers_unread: bool = False  # whether it knows what to do with a text that no model can read


SENTIMENT = "sentiment"
MODERATION = "moderation"
ASPECTS = "aspects"
"""Slots that more than one task asks, or none as its own."""

TASKS: tuple[TaskSpec, ...] = (
    TaskSpec(
        name="sentiment",
        source="reviews",
        slot="sentiment",
        result=ReviewLabels,
        lane=Lane.REVIEWS,
    ),
    TaskSpec(
        name="moderation",
        source="moderation-decisions",
        slot=MODERATION,
        result=ReviewDecision,
        lane=Lane.REVIEWS,
    ),
    TaskSpec(
        name="reply",
        source="queries",
        slot="intent",
        result=Reply,
        lane=Lane.CHAT,
        answers_unread=True,
    ),
    TaskSpec(
        name="recommend",
        source="orders",
        slot="recommend",
        result=Recommendations,
        lane=Lane.ORDERS,
        rows=Rows.VECTORS,
    ),
)


def task(name: str) -> TaskSpec:
    """Return the task of that name; raises `KeyError` where there is none."""
    for spec in TASKS:
        if spec.name == name:
            return spec
    raise KeyError(name)
