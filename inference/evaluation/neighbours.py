"""TF-IDF: the replies to the most alike questions, and what is most like those.

A sentence encoder that does not beat it is not worth its cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.extras import needed
from inference.messages import Floats

NEAREST: Final = 15
"""Known questions whose replies count."""
_LONGEST: Final = 4
"""Characters of an n-gram."""
_SEEN_TWICE_FROM: Final = 1_000
"""Exchanges from which on n-grams that stand in one text alone are left out."""


@dataclass(frozen=True)
class Neighbours:
    """Questions and replies that are known, as weighted n-grams."""

    of_questions: Any
    of_replies: Any
    questions: Any  # [known, n-grams], sparse
    replies: Any

    def scores(self, questions: Sequence[str], replies: Sequence[str]) -> Floats:
        """Return how like each reply is to what was said to the `NEAREST` most alike questions.

        [questions, replies], each from 0.
        """
        sparse = needed("scipy.sparse", "the floor")
        alike = (self.of_questions.transform(questions) @ self.questions.T).toarray()
        weights = sparse.csr_matrix(np.where(are_nearest(alike), alike, 0))
        found = weights @ self.replies @ self.of_replies.transform(replies).T
        scores: Floats = found.toarray().astype(np.float32)
        return scores


def fit_neighbours(questions: Sequence[str], replies: Sequence[str]) -> Neighbours:
    """Return the floor of known exchanges; raises `ModelError` without scikit-learn."""
    of_questions, of_replies = _weighting(len(questions)), _weighting(len(replies))
    return Neighbours(
        of_questions=of_questions,
        of_replies=of_replies,
        questions=of_questions.fit_transform(questions),
        replies=of_replies.fit_transform(replies),
    )


def are_nearest(alike: Floats) -> NDArray[np.bool_]:
    """Return which of the known questions are the `NEAREST` most alike [questions, known]."""
    nearest = min(NEAREST, alike.shape[1])
    least = np.partition(alike, -nearest, axis=1)[:, -nearest, None]
    found: NDArray[np.bool_] = alike >= least
    return found


def _weighting(texts: int) -> Any:
    vectors = needed("sklearn.feature_extraction.text", "the floor")
    return vectors.TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, _LONGEST),
        min_df=2 if texts >= _SEEN_TWICE_FROM else 1,
        sublinear_tf=True,
    )
