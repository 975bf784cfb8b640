"""The classical methods that a model must beat: TF-IDF with logistic regression, and retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from inference.messages import Floats
from schemas.base import Language

STRENGTH: Final = 8.0
ITERATIONS: Final = 1000
TOLERANCE: Final = 1e-5
"""Of a mean gradient: 1e-3 ends after eleven steps, three points below what the floor can do."""
_ANALYSIS: Final[dict[Language, dict[str, Any]]] = {
    Language.CHINESE: {"analyzer": "char", "ngram_range": (1, 4), "min_df": 2},
    Language.ENGLISH: {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
}


@dataclass(frozen=True)
class TextFloor:
    """A fitted floor."""

    weighting: Any
    regression: Any

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return [texts, classes]; a class that was not there to be learned from has 0."""
        known = self.regression.classes_
        rows = np.zeros((len(texts), int(known.max()) + 1), dtype=np.float32)
        rows[:, known] = self.regression.predict_proba(self.weighting.transform(texts))
        return rows


def weighting(language: Language) -> Any:
    """Return TF-IDF of characters by one to four for Chinese, of words by one and two else."""
    return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **_ANALYSIS[language])


def fitted(texts: Sequence[str], labels: Sequence[int], language: Language) -> TextFloor:
    """Return the floor fitted on texts with their classes, counted from 0."""
    vectors = weighting(language)
    matrix = vectors.fit_transform(texts)
    regression = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS, tol=TOLERANCE)
    return TextFloor(vectors, regression.fit(matrix, labels))
