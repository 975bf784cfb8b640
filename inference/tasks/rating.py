"""Reviews that are nothing but a rating: "★☆☆☆☆", "1/5", "满分", "五星好评".

A model of words guesses at them. Such a review is labelled by what its rating means: of five, 1
and 2 are negative, 3 is neutral, 4 and 5 are positive; other scales by their share of the full
rating. Where a word stands beside the rating, the model reads both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from inference.tasks.sentiment import Decision, label_names
from schemas.results import Sentiment

LONGEST: Final = 40
"""Characters of a text that is nothing but a rating."""

_WORDS: Final = {
    **dict(zip(["zero", "one", "two", "three", "four", "five"], range(6), strict=True)),
    **dict(zip("零一二三四五", range(6), strict=True)),
    "两": 2,
}
_NUMBER: Final = r"\d{1,3}(?:[.,]\d)?"
_SPELT: Final = rf"(?P<stars>{_NUMBER}|{'|'.join(_WORDS)})"
_RATING = re.compile(
    r"(?:(?:my\s+)?(?:rating|score)\s*:?\s*|(?:我?给|打|评分?)(?:个|了)?\s*:?\s*|全)?"
    r"(?:(?P<drawn>[★⭐🌟]{1,5})(?P<empty>[☆✩]{0,5})|(?P<none>☆{5})"
    rf"|(?P<of>{_NUMBER})\s*(?:/|out\s+of)\s*(?P<scale>5|10|100)(?:\s*(?:stars?|points?|分))?"
    rf"|{_SPELT}\s*-?\s*(?:颗?星|stars?(?:\s+rating)?)"
    rf"|(?P<points>{_NUMBER})\s*分|(?P<full>[满滿]分)|(?P<nil>零分))"
    r"\s*(?P<said>好评|中评|差评)?",
    re.IGNORECASE,
)
_NO_WEIGHT = re.compile(r"^[\s.,!~。、\"'()]+|[\s.,!~。、\"'()]+$|\ufe0f")
_SAID: Final = {
    "好评": Sentiment.POSITIVE,
    "中评": Sentiment.NEUTRAL,
    "差评": Sentiment.NEGATIVE,
}
_FEW, _MANY = 0.5, 0.7
"""Shares of the full rating between which, both included, one is neutral: 3 of 5 is 0.6."""


def rated(text: str) -> Sentiment | None:
    """Return what a text that is nothing but a rating means, None for any other text."""
    if len(text) > LONGEST:
        return None
    folded = _NO_WEIGHT.sub("", unicodedata.normalize("NFKC", text).strip())
    found = _RATING.fullmatch(folded)
    share = _share(found) if found else None
    if found is None or share is None or not 0.0 <= share <= 1.0:
        return None
    meant = _meaning(share)
    # "5 stars, a bad review" is for a model.
    return meant if found["said"] is None or _SAID[found["said"]] is meant else None


def decide(text: str, labels: Sequence[str]) -> Decision | None:
    """Return the decision on a text that is nothing but a rating, None where a model decides.

    What a rating means is a convention and no guess: its label has all the probability. A model
    without that label (two classes have no neutral) decides itself.
    """
    meant = rated(text)
    names = label_names(labels)
    if meant is None or meant.value not in names:
        return None
    scores = {name: float(name == meant.value) for name in names}
    return meant.value, 1.0, scores


def _share(found: re.Match[str]) -> float | None:
    """Return the rating as a part of the full one, None where its scale is not told ("120分")."""
    part = found.groupdict()
    if part["drawn"]:
        drawn, empty = len(part["drawn"]), len(part["empty"])
        return drawn / 5 if drawn + empty in (drawn, 5) else None
    if part["of"]:
        return _value(part["of"]) / float(part["scale"])
    if part["stars"]:
        return _value(part["stars"]) / 5
    if part["points"]:
        points = _value(part["points"])
        return next((points / scale for scale in (5, 10, 100) if points <= scale), None)
    return 1.0 if part["full"] else 0.0


def _value(text: str) -> float:
    word = _WORDS.get(text.lower())
    return float(word) if word is not None else float(text.replace(",", "."))


def _meaning(share: float) -> Sentiment:
    if share < _FEW:
        return Sentiment.NEGATIVE
    return Sentiment.NEUTRAL if share <= _MANY else Sentiment.POSITIVE
