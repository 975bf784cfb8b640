"""The next reply of a shop's chat, found among 1,000: jddc2018_10k."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer

from inference.messages import Floats
from inference.training import readers
from inference.training.readers import Exchange
from tests.benchmarks.quality_rows.figures import Row, mean

CANDIDATES: Final = 1_000
NEAREST: Final = 15
TURNS: Final = 3
"""The last turns of a conversation that are compared."""
AIM: Final = 1.2
GRAMS: Final = 4
SMOOTHING: Final = 0.1


def jddc(data: Path) -> Iterator[Row]:
    """Yield recall@1, recall@10 and BLEU; there is no model for Chinese retrieval yet.

    The floor looks for the 15 most alike contexts of the training part by TF-IDF and takes the
    candidate that is most like their replies. BLEU (Papineni et al., 2002, over characters,
    smoothed) compares what it puts first with what was said.
    """
    learned, asked = readers.jddc(data, "train"), readers.jddc(data, "dev")[:CANDIDATES]
    scores = _by_neighbours(learned, asked)
    replies = [one.reply for one in asked]
    ranks = _ranks(scores, replies)
    best = [replies[at] for at in scores.argmax(axis=1)]
    figures = {
        "recall@1": mean(ranks < 1),
        "recall@10": mean(ranks < 10),
        "BLEU": mean([bleu(found, one.reply) for found, one in zip(best, asked, strict=True)]),
    }
    for metric, floor in figures.items():
        yield Row(
            set="jddc2018_10k",
            metric=metric,
            n=len(asked),
            model=None,
            floor=floor,
            must=floor.value,
            aim=round(AIM * floor.value, 4),
            note=f"among {len(asked)} replies",
        )


def _by_neighbours(learned: Sequence[Exchange], asked: Sequence[Exchange]) -> Floats:
    """Return scores [asked, candidates]; the candidates are the replies of what is asked."""
    contexts, replies = (
        TfidfVectorizer(analyzer="char", ngram_range=(1, GRAMS), min_df=2, sublinear_tf=True)
        for _ in range(2)
    )
    known = contexts.fit_transform([_late(one) for one in learned])
    said = replies.fit_transform([one.reply for one in learned])
    candidates = replies.transform([one.reply for one in asked])
    alike = (contexts.transform([_late(one) for one in asked]) @ known.T).toarray()
    least = np.partition(alike, -NEAREST, axis=1)[:, -NEAREST, None]
    weights = csr_matrix(np.where(alike >= least, alike, 0))
    scores: Floats = (weights @ said @ candidates.T).toarray().astype(np.float32)
    return scores


def _ranks(scores: Floats, replies: Sequence[str]) -> NDArray[np.intp]:
    """Return how many candidates of another text stand before the right one [asked]."""
    texts = np.array(replies)
    return np.array([np.unique(texts[row > row[at]]).size for at, row in enumerate(scores)])


def _late(one: Exchange) -> str:
    return " ".join(one.turns[-TURNS:])


def bleu(found: str, said: str) -> float:
    """Return the smoothed BLEU of one text over characters, 0 to 1."""
    logs = []
    for size in range(1, GRAMS + 1):
        given, wanted = _grams(found, size), _grams(said, size)
        shared = sum((given & wanted).values())
        logs.append(math.log((shared + SMOOTHING) / (given.total() + SMOOTHING)))
    short = min(0.0, 1 - len(said) / max(1, len(found)))
    return math.exp(short + sum(logs) / GRAMS)


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[at : at + size] for at in range(len(text) - size + 1))
