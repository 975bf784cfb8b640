"""How often the worker's label was the file's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from schemas.results import Sentiment
from streams.outcome_ledger import Ranking

_SCALES: tuple[tuple[frozenset[str], Mapping[str, str]], ...] = (
    (frozenset({"0", "1"}), {"0": Sentiment.NEGATIVE, "1": Sentiment.POSITIVE}),
    (
        frozenset({"-1", "0", "1"}),
        {"-1": Sentiment.NEGATIVE, "0": Sentiment.NEUTRAL, "1": Sentiment.POSITIVE},
    ),
    (
        frozenset({"1", "2", "3", "4", "5"}),
        {
            "1": Sentiment.NEGATIVE,
            "2": Sentiment.NEGATIVE,
            "3": Sentiment.NEUTRAL,
            "4": Sentiment.POSITIVE,
            "5": Sentiment.POSITIVE,
        },
    ),
)


def accuracy(judged: Mapping[tuple[str, Ranking], int]) -> float | None:
    """Return the share of labelled events whose label was found, of those with a result.

    Of the worker's labels, the most probable of those that the file knows counts: a file without
    neutral reviews asks whether a review is positive or negative.
    """
    total = sum(judged.values())
    if not total:
        return None
    names = truth_names({truth for truth, _ in judged})
    allowed = set(names.values())
    right = sum(
        count
        for (truth, ranking), count in judged.items()
        if next((label for label in ranking if label in allowed), None) == names[truth]
    )
    return round(right / total, 4)


def truth_names(labels: Collection[str]) -> dict[str, str]:
    """Return our name of each of a file's labels: 0 and 1, -1 to 1, stars, or words."""
    for scale, names in _SCALES:
        if set(labels) <= scale:
            return {label: str(names[label]) for label in labels}
    return {label: label.strip().lower() for label in labels}
