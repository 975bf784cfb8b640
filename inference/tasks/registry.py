"""The tasks, one line each; a new task is added here."""

from __future__ import annotations

from dataclasses import dataclass

from inference.messages import Lane
from schemas.results import Envelope, Recommendations, Reply, ReviewLabels


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One task: what it reads, which model it asks and what it writes."""

    name: str  # as in results and metrics
    source: str  # id of the topic that it reads
    slot: str  # name of the model that it asks
    result: type[Envelope]  # what it writes
    lane: Lane  # the queue that it waits in


TASKS: tuple[TaskSpec, ...] = (
    TaskSpec(
        name="sentiment",
        source="reviews",
        slot="sentiment",
        result=ReviewLabels,
        lane=Lane.REVIEWS,
    ),
    TaskSpec(name="reply", source="queries", slot="intent", result=Reply, lane=Lane.CHAT),
    TaskSpec(
        name="recommend",
        source="orders",
        slot="recommend",
        result=Recommendations,
        lane=Lane.ORDERS,
    ),
)


def task(name: str) -> TaskSpec:
    """Return the task of that name; raises `KeyError` where there is none."""
    for spec in TASKS:
        if spec.name == name:
            return spec
    raise KeyError(name)
