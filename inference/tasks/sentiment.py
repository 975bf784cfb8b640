"""From a classifier's probabilities to a review's label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.results import Sentiment

Floats = npt.NDArray[np.float32]
Decision = tuple[str, float, dict[str, float]]
"""Label, its probability, and the probability of each label."""

_SPELLINGS: Final[dict[str, Sentiment]] = {
    **dict.fromkeys(("negative", "neg", "负面", "消极", "差评"), Sentiment.NEGATIVE),
    **dict.fromkeys(("neutral", "neu", "中性", "中立", "中评"), Sentiment.NEUTRAL),
    **dict.fromkeys(("positive", "pos", "正面", "积极", "好评"), Sentiment.POSITIVE),
}


def label_names(labels: Sequence[str], names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return what each label is called in results.

    `names` (from the configuration) comes first, then the plain spellings of negative, neutral
    and positive; any other label keeps its name. "LABEL_1" and "4 stars" mean what `names` says.
    """
    given = names or {}
    return tuple(given.get(label) or _plain(label) for label in labels)


def _plain(label: str) -> str:
    spelling = _SPELLINGS.get(label.strip().lower())
    return str(spelling.value) if spelling else label


def decide(
    row: Sequence[float] | Floats, labels: Sequence[str], names: Mapping[str, str] | None = None
) -> Decision:
    """Return label, score and all scores of one row of probabilities [labels]."""
    return decide_many(np.asarray([row], dtype=np.float32), labels, names)[0]


def decide_many(
    rows: Floats, labels: Sequence[str], names: Mapping[str, str] | None = None
) -> list[Decision]:
    """Return the decision of each row of probabilities [items, labels].

    Labels that `names` gives one name are added up. Raises `ValueError` where a row is not as
    long as `labels` or holds what is no number.
    """
    if rows.shape != (len(rows), len(labels)):
        raise ValueError(f"rows of {len(labels)} probabilities expected, got shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("a probability is not a finite number")
    called = label_names(labels, names)
    kept = tuple(dict.fromkeys(called))
    scores = _added_up(rows, [kept.index(name) for name in called], len(kept))
    best = scores.argmax(axis=1)
    return [
        (kept[at], line[at], dict(zip(kept, line, strict=True)))
        for at, line in zip(best.tolist(), scores.tolist(), strict=True)
    ]


def _added_up(rows: Floats, columns: list[int], width: int) -> npt.NDArray[np.float64]:
    """Return [items, width]: each column added to its place, within 0 and 1 despite rounding."""
    scores = np.zeros((rows.shape[0], width), dtype=np.float64)
    for source, target in enumerate(columns):
        scores[:, target] += rows[:, source]
    return scores.clip(0.0, 1.0)
