"""What the moderation model is trained on: our sentences, ordinary reviews, and a public set.

Not every text says something of every label: what is unknown of a text is no number there, and
nothing is learnt from it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.training import readers
from inference.training.moderation_patterns import (
    INSULT,
    LABELS,
    PERSONAL_DATA,
    PROFANITY,
    THREAT,
    TOXICITY,
    Labels,
)
from inference.training.moderation_sentences import Writer, advert
from schemas.masking import find

UNKNOWN: Final = float("nan")
RARE: Final = 3
"""A listed word that stands in more ordinary reviews than that is no swear word there."""
FILLED: Final = 12
"""Times that each pattern is filled."""
SET_IN: Final = 0.5
"""Of our sentences, the share that is set into an ordinary review once more."""
REVIEWS: Final = 2000
"""Ordinary reviews of each language."""
LONGEST: Final = 250
"""Characters of an ordinary review: what comes behind is not read anyway."""
_WORD = re.compile(r"[a-z']+")

Targets = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Known:
    """A text, and of each label whether it is in it: 1, 0, or no number where nobody knows."""

    text: str
    targets: tuple[float, ...]


def known(text: str, there: Labels, unknown: Iterable[str] = ()) -> Known:
    """Return a text of which all but the unknown labels are known."""
    targets = [1.0 if label in there else UNKNOWN if label in unknown else 0.0 for label in LABELS]
    return Known(text=text, targets=tuple(targets))


def cold_examples(data: Path, part: str) -> list[Known]:
    """Return the posts: they tell toxicity, and that nobody advertises."""
    return [
        known(
            text,
            (TOXICITY,) if label else (),
            (PROFANITY, INSULT, THREAT) if label else (PROFANITY,),
        )
        for text, label in readers.cold_apart(data, part)
    ]


def ordinary(data: Path, chance: Random) -> dict[bool, list[str]]:
    """Return reviews by whether they are Chinese; none of a set that is kept for measuring."""
    found = {
        True: [*readers.online_shopping(data), *readers.nlpcc(data)],
        False: [*readers.amazon(data), *readers.fdu(data, "train")],
    }
    return {
        is_chinese: [one.text[:LONGEST] for one in chance.sample(reviews, 3 * REVIEWS)]
        for is_chinese, reviews in found.items()
    }


class Listed:
    """A public list of abusive words of one language."""

    def __init__(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines()
        words = (line.strip().lower() for line in lines)
        self._all = [word for word in words if len(word) > 1 and not word.endswith(".")]
        self._alone = frozenset(word for word in self._all if _WORD.fullmatch(word))
        self._within = [word for word in self._all if word not in self._alone]

    def found(self, text: str) -> set[str]:
        """Return the words of the list that stand in a text."""
        lowered = text.lower()
        return {word for word in self._within if word in lowered} | self._alone.intersection(
            _WORD.findall(lowered)
        )

    def swears(self, reviews: Iterable[str]) -> list[str]:
        """Return the words without those that ordinary reviews use."""
        counts = Counter(word for text in reviews for word in self.found(text))
        return [word for word in self._all if counts[word] <= RARE]


def examples(data: Path, chance: Random) -> list[Known]:
    """Return all that the model is trained on beside `cold_examples`."""
    made: list[Known] = []
    for is_chinese, texts in ordinary(data, chance).items():
        listed = Listed(data / "ldnoobw" / ("zh" if is_chinese else "en"))
        writer = Writer(is_chinese=is_chinese, swears=listed.swears(texts), chance=chance)
        quiet = [text for text in texts if not listed.found(text)][:REVIEWS]
        made += [known(text, _given_away(text)) for text in quiet]
        made += _ours(writer, quiet)
    return made


def _ours(writer: Writer, reviews: Sequence[str]) -> list[Known]:
    made = []
    for sentence, labels in writer.sentences(FILLED):
        texts = [sentence]
        if writer.chance.random() < SET_IN:
            texts.append(writer.set_into(writer.chance.choice(reviews), sentence))
        # What an advertiser gives away is meant to be: the rules find it, or nobody needs to.
        unknown = (PERSONAL_DATA,) if advert(labels) else ()
        made += [known(text, (*labels, *_given_away(text)), unknown) for text in texts]
    return made


def _given_away(text: str) -> Labels:
    return (PERSONAL_DATA,) if find(text) else ()


def targets_of(texts: Sequence[Known]) -> Targets:
    """Return [texts, labels]; no number where nothing is known."""
    return np.array([one.targets for one in texts], dtype=np.float32)
