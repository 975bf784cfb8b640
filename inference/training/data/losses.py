"""What was left out of the data, and why: told before training starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from inference.files.errors import DataError


class Reason(StrEnum):
    """Why a row is not trained on."""

    BROKEN = "broken"
    NO_TEXT = "without text"
    NO_LABEL = "without label"
    NO_REPLY = "without reply"
    UNKNOWN_LABEL = "with a label that means nothing here"
    DUPLICATE = "with a text that stands there before"
    CONTRADICTION = "with a text that has another label elsewhere"
    LEAK = "with a text of the test file"


UNUSABLE = frozenset(
    {Reason.BROKEN, Reason.NO_TEXT, Reason.NO_LABEL, Reason.NO_REPLY, Reason.UNKNOWN_LABEL}
)
"""Reasons that lie in the row itself."""
MOST_UNUSABLE: Final = 0.1
"""Share of rows; more look like a wrong file or a wrong mapping, not like a few bad rows."""


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


def check_usable(losses: Sequence[Loss], rows: int, path: Path) -> None:
    """Raise `DataError` where more than a tenth of a file's rows are unusable."""
    unusable = [one for one in losses if one.reason in UNUSABLE]
    if len(unusable) > rows * MOST_UNUSABLE:
        raise DataError(
            f"{len(unusable)} of the {rows} rows of {path} cannot be used: "
            f"{'; '.join(told(unusable))}. Is --map right?"
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
