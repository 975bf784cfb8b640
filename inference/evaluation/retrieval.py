"""How well the right reply is found among others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.evaluation.intervals import Interval, of_rows
from inference.messages import Floats

GRAMS: Final = 4
SMOOTHING: Final = 0.1
_DRAWS: Final = 400

Places = NDArray[np.intp]
Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Replies to choose from, each once, and which of them is right for each question."""

    replies: list[str]
    right: Places  # [questions]

    @classmethod
    def of(cls, said: Sequence[str]) -> Choices:
        """Return the choices where `said` are the replies to the questions, in their order."""
        places: dict[str, int] = {}
        right = [places.setdefault(reply, len(places)) for reply in said]
        return cls(replies=list(places), right=np.array(right, dtype=np.intp))

    def ranks(self, scores: Floats) -> Places:
        """Return how many replies are not behind the right one [questions].

        `scores` are [questions, replies], more is likelier. Where all are the same, nothing was
        found.
        """
        own = scores[np.arange(len(self.right)), self.right]
        ranks: Places = (~(scores < own[:, None])).sum(axis=1) - 1  # itself is not behind either
        return ranks


@dataclass(frozen=True, kw_only=True)
class RetrievalReport:
    """Figures of one way of finding replies, each 0 to 1."""

    n: int  # questions
    choices: int  # distinct replies that each is looked for among
    recall_at_1: float
    recall_at_10: float
    mrr: float  # mean of 1 / (1 + rank)
    bleu: float  # of what is put first
    intervals: Mapping[str, Interval]  # of the four, 95%, by bootstrap


def retrieval_report(scores: Floats, choices: Choices) -> RetrievalReport:
    """Return the figures of scores [questions, replies]."""
    ranks = choices.ranks(scores)
    best = scores.argmax(axis=1)
    pairs = zip(best.tolist(), choices.right.tolist(), strict=True)
    values: dict[str, Values] = {
        "recall_at_1": (ranks < 1).astype(np.float64),
        "recall_at_10": (ranks < 10).astype(np.float64),
        "mrr": reciprocal(ranks),
        "bleu": np.array([bleu(choices.replies[at], choices.replies[of]) for at, of in pairs]),
    }
    figures = {name: round(float(value.mean()), 4) for name, value in values.items()}
    return RetrievalReport(
        n=len(ranks),
        choices=len(choices.replies),
        intervals={
            name: of_rows(len(value), _mean_of(value), _DRAWS) for name, value in values.items()
        },
        **figures,
    )


def together(ways: Sequence[tuple[float, Floats]]) -> Floats:
    """Return several ways' scores [questions, replies] as one, each way with its share.

    Each question's are brought to one scale first: mean 0, deviation 1.
    """
    total: Floats = np.sum([share * _scaled(scores) for share, scores in ways], axis=0)
    return total.astype(np.float32)


def _scaled(scores: Floats) -> Floats:
    middle, deviation = scores.mean(axis=1, keepdims=True), scores.std(axis=1, keepdims=True)
    scaled: Floats = (scores - middle) / np.maximum(deviation, np.float32(1e-6))
    return scaled


def reciprocal(ranks: Places) -> Values:
    """Return 1 for the first rank, 1/2 for the second and so on."""
    values: Values = 1.0 / (1.0 + ranks.astype(np.float64))
    return values


def bleu(found: str, said: str) -> float:
    """Return the smoothed BLEU of one text over characters (Papineni et al., 2002), 0 to 1."""
    logs = []
    for size in range(1, GRAMS + 1):
        given, wanted = _grams(found, size), _grams(said, size)
        shared = sum((given & wanted).values())
        logs.append(math.log((shared + SMOOTHING) / (given.total() + SMOOTHING)))
    short = min(0.0, 1 - len(said) / max(1, len(found)))
    return math.exp(short + sum(logs) / GRAMS)


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[at : at + size] for at in range(len(text) - size + 1))


def _mean_of(values: Values) -> Callable[[Places], float]:
    return lambda places: float(values[places].mean())
