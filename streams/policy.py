"""What an error becomes, decided in one place: a pure function of (error, attempt)."""

from __future__ import annotations

from dataclasses import dataclass

from inference.errors import QueueFull, WorkerDied
from streams.errors import PublishError

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


@dataclass(frozen=True)
class Stop:
    """End the worker: a defect of ours, and going on could lose records."""

    reason: str


Decision = Again | Bury | Stop


def decide(error: Exception, attempt: int) -> Decision:
    """Return what to do after `error` ended attempt `attempt`, counted from 0."""
    if isinstance(error, (PublishError, QueueFull, WorkerDied)):
        return Again(min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** min(attempt, _DOUBLINGS)))
    return Stop(f"{type(error).__name__}: {error}")
