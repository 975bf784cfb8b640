"""What an error becomes, decided in one place: a pure function of (error, attempt)."""

from __future__ import annotations

from dataclasses import dataclass

from inference.errors import QueueFull, WorkerDied, WorkerLost
from inference.messages import ItemError
from schemas.errors import DecodeError
from streams.errors import CommitError, CommitFenced, PublishError, StoreFull, TaskFailed

FIRST_DELAY_S = 0.05
MAX_DELAY_S = 5.0
_DOUBLINGS = 10


@dataclass(frozen=True)
class Again:
    """Try once more after a while: the cause lies outside of the record and passes."""

    delay_s: float


@dataclass(frozen=True)
class Bury:
    """Publish a dead letter: the record itself is the cause."""

    code: str
    reason: str
    detail: str | None = None


@dataclass(frozen=True)
class Apart:
    """Ask again for each half: one of these records ends the worker, and time does not heal it."""


@dataclass(frozen=True)
class Stop:
    """End the worker: a defect of ours, and going on could lose records."""

    reason: str


Decision = Again | Bury | Apart | Stop


def decide(error: Exception | ItemError, attempt: int = 0) -> Decision:
    """Return what to do after `error` ended attempt `attempt`, counted from 0."""
    match error:
        case DecodeError() | ItemError():
            return Bury(error.code, error.reason)
        case TaskFailed():
            return Bury("task_failed", "the task failed on this record", error.detail)
        case WorkerDied():
            return Apart()
        case WorkerLost():
            return Stop("nobody answers any more: the inference worker is gone")
        case CommitFenced():
            return Stop("the group has moved on")
        case PublishError() | CommitError() | QueueFull() | StoreFull():
            return Again(min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** min(attempt, _DOUBLINGS)))
    return Stop(f"{type(error).__name__}: {error}")
