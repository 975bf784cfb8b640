"""Linear models over pieces: the floor, the teacher, and the polarity of each piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float32]
Ids = list[int]

PAIR_BUCKETS = 1 << 19
_MULTIPLIER = 1_000_003
SMOOTHING = 2.0


def features(ids: Sequence[Ids], pieces: int, pairs: bool = True) -> Any:
    """Return sparse counts [texts, pieces + pairs of neighbours by hash]."""
    single = _counts(ids, pieces)
    if not pairs:
        return single
    joined = [[(a * _MULTIPLIER + b) % PAIR_BUCKETS for a, b in pairwise(one)] for one in ids]
    return hstack([single, _counts(joined, PAIR_BUCKETS)], format="csr")


def _counts(ids: Sequence[Sequence[int]], width: int) -> Any:
    columns = np.concatenate([np.asarray(one, dtype=np.int64) for one in ids])
    ends = np.cumsum([0, *(len(one) for one in ids)])
    matrix = csr_matrix(
        (np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(ids), width)
    )
    matrix.sum_duplicates()
    return matrix


@dataclass(frozen=True)
class Linear:
    """TF-IDF and logistic regression."""

    weighting: Any
    regression: Any

    def probabilities(self, matrix: Any) -> Floats:
        """Return [texts, classes]."""
        rows: Floats = self.regression.predict_proba(self.weighting.transform(matrix))
        return rows.astype(np.float32)


def fit(matrix: Any, labels: NDArray[np.intp], strength: float = 8.0) -> Linear:
    """Return a fitted model."""
    weighting = TfidfTransformer(sublinear_tf=True).fit(matrix)
    regression = LogisticRegression(C=strength, max_iter=60, tol=1e-3)
    regression.fit(weighting.transform(matrix), labels)
    return Linear(weighting, regression)


def out_of_fold(matrix: Any, labels: NDArray[np.intp], folds: int, seed: int) -> Floats:
    """Return each text's probabilities [texts, classes] by a model that did not see it."""
    fold = np.random.default_rng(seed).integers(folds, size=len(labels))
    rows = np.zeros((len(labels), int(labels.max()) + 1), dtype=np.float32)
    for number in range(folds):
        model = fit(matrix[fold != number], labels[fold != number])
        rows[fold == number] = model.probabilities(matrix[fold == number])
    return rows


def polarity(matrix: Any, labels: NDArray[np.intp]) -> Floats:
    """Return the logarithm of how much likelier each piece is in the second class [pieces].

    Naive Bayes with smoothing, as in Wang and Manning (2012); rare pieces stay near 0.
    """
    seen = matrix.minimum(1)
    positive = np.asarray(seen[labels == 1].sum(axis=0)).ravel() + SMOOTHING
    negative = np.asarray(seen[labels == 0].sum(axis=0)).ravel() + SMOOTHING
    ratio: Floats = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    return ratio.astype(np.float32)
