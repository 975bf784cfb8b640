"""TF-IDF with logistic regression: a model that does not beat it is not worth a GPU."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from inference.evaluation.attributes import Truths
from inference.extras import needed
from inference.messages import Floats
from inference.tasks.language import guess_language
from schemas.base import Language

_LONGEST = 4
"""Characters of a Chinese n-gram."""
_MOST_FEATURES = 500_000
_STRENGTH = 8.0
_ROUNDS = 1000
_TOLERANCE = 1e-5
"""Of a mean gradient: 1e-3 ends after eleven steps, three points below what the floor can do."""
_SEEN = 4_000
"""Characters of a text that count."""


@dataclass(frozen=True)
class Floor:
    """A fitted linear model."""

    labels: tuple[str, ...]
    weighting: Any
    regressions: tuple[Any, ...]  # one for all classes, or one an attribute

    def rows(self, texts: Sequence[str]) -> Floats:
        """Return probabilities [texts, labels]."""
        matrix = self.weighting.transform(texts)
        if len(self.regressions) == 1 and len(self.labels) > 1:
            rows: Floats = self.regressions[0].predict_proba(matrix)
            return rows.astype(np.float32)
        columns = [one.predict_proba(matrix)[:, 1] for one in self.regressions]
        return np.stack(columns, axis=1).astype(np.float32)


def fit_floor(texts: Sequence[str], labels: Sequence[str]) -> Floor:
    """Return the floor for classes that exclude each other; raises `ModelError` without sklearn."""
    weighting, matrix = _weighted(texts)
    regression = _regression().fit(matrix, list(labels))
    return Floor(tuple(str(name) for name in regression.classes_), weighting, (regression,))


def fit_attribute_floor(texts: Sequence[str], truths: Truths, names: Sequence[str]) -> Floor:
    """Return the floor for attributes; each must be there and not there in some text."""
    weighting, matrix = _weighted(texts)
    regressions = tuple(_regression().fit(matrix, truths[:, at]) for at in range(len(names)))
    return Floor(tuple(names), weighting, regressions)


def grams(text: str) -> list[str]:
    """Return characters in ones to fours of Chinese; words in ones and twos of what else there is.

    Lower case; punctuation counts, it tells of tempers.
    """
    plain = text[:_SEEN].lower()
    if guess_language(plain) is Language.CHINESE:
        dense = "".join(plain.split())
        return [
            dense[at : at + size]
            for size in range(1, _LONGEST + 1)
            for at in range(len(dense) - size + 1)
        ]
    words = _words(plain)
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]", text)


def _weighted(texts: Sequence[str]) -> tuple[Any, Any]:
    vectors = needed("sklearn.feature_extraction.text", "the floor")
    weighting = vectors.TfidfVectorizer(
        analyzer=grams,
        min_df=2 if len(texts) > 1_000 else 1,
        max_features=_MOST_FEATURES,
        sublinear_tf=True,
        dtype=np.float32,
    )
    return weighting, weighting.fit_transform(texts)


def _regression() -> Any:
    linear = needed("sklearn.linear_model", "the floor")
    return linear.LogisticRegression(C=_STRENGTH, max_iter=_ROUNDS, tol=_TOLERANCE)
