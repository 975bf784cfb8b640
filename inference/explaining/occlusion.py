"""What each word's absence does to a score (Zeiler and Fergus, 2014; Li et al., 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.errors import ModelError
from inference.evaluation.scoring import score
from inference.explaining.words import by_dictionary, pieces, without
from inference.messages import Floats
from inference.models.base import Model

MOST_WORDS = 400
"""Of one text: each of them is a forward pass."""
_LEAST = 1e-6


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of the text, and how it moved the score."""

    text: str
    weight: float
    """Fall of the score's log odds without it: above 0 it speaks for the label, below against."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A label's score, word by word; the parts together are the text."""

    label: str
    score: float  # probability of the label
    scores: dict[str, float]  # of all labels
    parts: list[Part]


def explain(model: Model, text: str, label: str | None = None) -> Explanation:
    """Return what moved the score of a label, the most probable one if none is named.

    Raises `ModelError` for a label that the model does not know and for a text of no words or of
    too many.
    """
    cut = list(pieces(text, by_dictionary))
    words = [at for at, piece in enumerate(cut) if piece.is_word]
    if not words:
        raise ModelError("there is no word in the text")
    if len(words) > MOST_WORDS:
        raise ModelError(f"the text has {len(words)} words, more than {MOST_WORDS}")
    rows = score(model, [text, *(without(text, cut[at].start, cut[at].end) for at in words)])
    column = _column(model.info.labels, rows[0], label)
    odds = log_odds(rows[:, column])
    weights = dict(zip(words, (odds[0] - odds[1:]).tolist(), strict=True))
    return Explanation(
        label=model.info.labels[column],
        score=float(rows[0, column]),
        scores=dict(zip(model.info.labels, rows[0].tolist(), strict=True)),
        parts=[
            Part(text=piece.text, weight=round(weights.get(at, 0.0), 4))
            for at, piece in enumerate(cut)
        ],
    )


def log_odds(probabilities: Floats) -> Floats:
    """Return the logarithm of p / (1 - p), bounded: a change near 1 is not lost."""
    kept = np.clip(probabilities.astype(np.float64), _LEAST, 1 - _LEAST)
    odds: Floats = np.log(kept / (1 - kept)).astype(np.float32)
    return odds


def _column(labels: Sequence[str], row: Floats, label: str | None) -> int:
    if label is None:
        return int(row.argmax())
    if label not in labels:
        raise ModelError(
            f"the model does not know the label {label!r}; it knows {', '.join(labels)}"
        )
    return labels.index(label)
