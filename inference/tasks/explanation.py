"""Which words moved a review's score: what happens to it without each of them (occlusion).

    Explainer.stretches    the words of a text; of a long one neighbours together
    without_each           what a model is to be asked: the text without each stretch
    explanation            what its rows say

The cost is bounded, and so is what leaves: no text has more than `EXPLAINED_WORDS` stretches.
Personal data is one stretch, in whose place its kind stands: no part of it leaves as a word,
whatever is masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from inference.explaining.words import Vocabulary, pieces, without
from inference.messages import Floats
from inference.settings import CHARACTERS_A_TOKEN, InferenceSettings
from inference.tasks import sentiment
from schemas.masking import ALL_KINDS, Span, find
from schemas.results import EXPLAINED_CHARACTERS, EXPLAINED_WORDS, Explanation, Word

_READ: Final = InferenceSettings.max_tokens * CHARACTERS_A_TOKEN
"""Characters of a text that can matter to a model."""
_BEHIND: Final = 200
"""Characters behind those that are explained: a number that begins among them is seen as one."""
_DIGITS: Final = 5
"""Of a weight: what a text's batch mates change lies behind them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A word or several, personal data, or a mark."""

    text: str  # as it may be shown
    start: int  # in the text, in characters
    end: int  # outside


class Explainer:
    """Cuts texts into what is explained of them."""

    def __init__(self) -> None:
        self._segment = Vocabulary()

    def stretches(self, text: str) -> list[Stretch]:
        """Return at most `EXPLAINED_WORDS` stretches, in order."""
        head = text[: EXPLAINED_CHARACTERS + _BEHIND]
        words = [one for one in self._words(head) if one.start < EXPLAINED_CHARACTERS]
        count = min(len(words), EXPLAINED_WORDS)
        bounds = [at * len(words) // count for at in range(count + 1)] if count else []
        return [_joined(words[start:end], head) for start, end in pairwise(bounds)]

    def _words(self, text: str) -> Iterator[Stretch]:
        end = 0
        for span in _personal(text):
            yield from self._plain(text[end : span.start], end)
            yield Stretch(text=f"[{span.kind}]", start=span.start, end=span.end)
            end = span.end
        yield from self._plain(text[end:], end)

    def _plain(self, text: str, at: int) -> Iterator[Stretch]:
        for piece in pieces(text, self._segment):
            if piece.is_word:
                yield Stretch(text=piece.text, start=at + piece.start, end=at + piece.end)


def without_each(text: str, stretches: Sequence[Stretch]) -> list[str]:
    """Return the text without each of its stretches, as far as any model reads it."""
    read = text[: _READ + EXPLAINED_CHARACTERS]
    return [without(read, one.start, one.end) for one in stretches]


def explanation(
    stretches: Sequence[Stretch], decision: sentiment.Decision, rows: Floats, labels: Sequence[str]
) -> Explanation:
    """Return what each stretch's absence did to the decision's score.

    `rows` [stretches, labels] are the model's for the text without each; one that holds no numbers,
    since nothing was left to read, counts as a score of 0.
    """
    label, score, _ = decision
    left = sentiment.decide_many(np.nan_to_num(rows, nan=0.0), labels)
    return Explanation(
        words=tuple(
            Word(
                text=one.text,
                start=one.start,
                end=one.end,
                weight=round(score - scores[label], _DIGITS) + 0.0,  # 0, not -0
            )
            for one, (_, _, scores) in zip(stretches, left, strict=True)
        )
    )


def _personal(text: str) -> list[Span]:
    """Return where data of any kind is; finds that overlap are one, whichever is masked later."""
    found: list[Span] = []
    for span in sorted(span for kind in ALL_KINDS for span in find(text, (kind,))):
        if found and span.start < found[-1].end:
            found[-1] = replace(found[-1], end=max(span.end, found[-1].end))
        else:
            found.append(span)
    return found


def _joined(stretches: Sequence[Stretch], text: str) -> Stretch:
    first, last = stretches[0], stretches[-1]
    between = (text[one.end : other.start] + other.text for one, other in pairwise(stretches))
    return Stretch(text=first.text + "".join(between), start=first.start, end=last.end)
