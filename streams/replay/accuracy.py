"""How often the worker's label was the file's."""

from __future__ import annotations

from collections.abc import Mapping

from inference.gold import meanings
from streams.outcome_ledger import Ranking


def accuracy(judged: Mapping[tuple[str, Ranking], int]) -> float | None:
    """Return the share of labelled events whose label was found, of those with a result.

    `inference.gold` says what the file's labels mean. Of the worker's labels, the most probable of
    those that the file knows counts: a file without neutral reviews asks whether a review is
    positive or negative.
    """
    total = sum(judged.values())
    if not total:
        return None
    truths = sorted({truth for truth, _ in judged})
    names = dict(zip(truths, meanings(truths), strict=True))
    allowed = set(names.values())
    right = sum(
        count
        for (truth, ranking), count in judged.items()
        if next((low for label in ranking if (low := label.lower()) in allowed), None)
        == names[truth]
    )
    return round(right / total, 4)
