"""What was left out of the data, and why: told before training starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inference.files.errors import DataError


class Reason(StrEnum):
    """Why a row is not trained on."""

    BROKEN = "broken"
    NO_TEXT = "without text"
    NO_LABEL = "without label"
    UNKNOWN_LABEL = "with a label that means nothing here"
    DUPLICATE = "with a text that stands there before"
    CONTRADICTION = "with a text that has another label elsewhere"
    LEAK = "with a text of the test file"


UNUSABLE = frozenset({Reason.BROKEN, Reason.NO_TEXT, Reason.NO_LABEL, Reason.UNKNOWN_LABEL})
"""Reasons that lie in the row itself."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One row that is left out; no word of its text."""

    reason: Reason
    place: str  # "reviews.csv, line 17"
    detail: str = ""  # what is wrong with it, where the reason alone does not say


def told(losses: Sequence[Loss]) -> list[str]:
    """Return a sentence a reason: how many rows, and where the first of them stands."""
    counts = Counter(loss.reason for loss in losses)
    return [f"{counts[one.reason]} rows {_first(one)}" for one in _firsts(losses)]


def refuse(losses: Sequence[Loss]) -> None:
    """Raise `DataError` with the first row of each reason, if there is any."""
    if losses:
        raise DataError(
            f"{len(losses)} rows would be left out: {'; '.join(told(losses))}. "
            "Mend the file, or leave them out without --strict"
        )


def by_reason(losses: Iterable[Loss]) -> dict[str, int]:
    """Return how many rows each reason took."""
    return {reason.value: count for reason, count in Counter(one.reason for one in losses).items()}


def _firsts(losses: Sequence[Loss]) -> list[Loss]:
    first: dict[Reason, Loss] = {}
    for loss in losses:
        first.setdefault(loss.reason, loss)
    return list(first.values())


def _first(loss: Loss) -> str:
    detail = f": {loss.detail}" if loss.detail else ""
    return f"{loss.reason.value} (the first: {loss.place}{detail})"
