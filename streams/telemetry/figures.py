"""What pipelines count: plain numbers, added to once a chunk and read when somebody asks."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from streams.telemetry.buckets import Buckets


class Step(StrEnum):
    """Where an event's time goes."""

    WAIT = "wait"  # Kafka's timestamp to the start of work on its chunk
    DECODE = "decode"  # of a chunk: decoding it and looking up state
    QUEUE = "queue"  # waiting for the device
    COMPUTE = "compute"  # forward pass of the batch that it rode in
    SETTLE = "settle"  # of a settling: until the broker had all of it
    TOTAL = "total"  # Kafka's timestamp to the broker's having its outcome


@dataclass(kw_only=True)
class TaskFigures:
    """Of one task; all but the steps count events."""

    events: int = 0  # taken in; once more after a partition had to begin again
    asked: int = 0  # answered by a model, or in vain
    cached: int = 0  # of those, with a row that was known
    missed: int = 0  # of those, too late for their deadline
    outcomes: Counter[str] = field(default_factory=Counter)  # by the broker's name of the topic
    buried: Counter[str] = field(default_factory=Counter)  # dead letters, by code
    steps: dict[Step, Buckets] = field(default_factory=lambda: {step: Buckets() for step in Step})


Figures = defaultdict[str, TaskFigures]
"""By task."""


def new_figures() -> Figures:
    """Return figures that count from zero."""
    return defaultdict(TaskFigures)
