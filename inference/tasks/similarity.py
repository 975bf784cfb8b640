"""Likeness of short texts by their character n-grams: cheap, and good for Chinese too."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

LONGEST_TEXT = 400
"""Characters; questions are shorter, and a longer message is compared by its beginning."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[^\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+(?:'[a-z]+)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH_GLUE: Final = _words(
    "a about am an and any are as at be by can could do does for from get had has have hello hi "
    "how i i'd i'm i've if in is it it's me my of on or our please so tell that the there this "
    "to want was we were what what's when where which will with would you your"
)
_CHINESE_GLUE = re.compile(
    "请问|您好|你好|你们|我们|咱们|怎么样|怎么|怎样|如何|什么|可不可以|能不能|是不是|有没有|可以|是否|"
    "一下|[我你您的了吗呢吧啊呀嘛哦么请想要能会在是有把被给]"
)
"""What every question is made of says nothing of which one it is; in a small knowledge base the
rarity of words cannot yet tell."""

_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s)$")
_DOUBLED = re.compile(r"([bdgmnprt])\1$")
_WORD_GRAMS: Final = (3, 4)
_WHOLE_WORD_WEIGHT = 2

Grams = Counter[str]


def normalised(text: str) -> str:
    """Return `text` in one width and case, without punctuation, blanks squeezed."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).casefold().replace("’", "'")
    return " ".join(re.findall(r"[^\W_]+(?:'[a-z]+)?", folded))


def grams_of(text: str) -> Grams:
    """Return the n-grams of `text`: words whole and by 3 and 4 letters, Han by 1 and 2.

    Words without content are left out, unless there are no others.
    """
    folded = normalised(text)
    words, runs = _WORD.findall(folded), _HAN.findall(folded)
    telling = [word for word in words if word not in _ENGLISH_GLUE]
    pieces = [piece for run in runs for piece in _CHINESE_GLUE.split(run) if piece]
    return _counted(telling, pieces) or _counted(words, runs)


def _counted(words: list[str], runs: list[str]) -> Grams:
    grams: Grams = Counter()
    for word in words:
        edged = f"<{_stem(word)}>"
        grams[edged] += _WHOLE_WORD_WEIGHT
        grams.update(_pieces(edged, _WORD_GRAMS))
    for run in runs:
        grams.update(_pieces(run, (1, 2)))
    return grams


def _stem(word: str) -> str:
    """Return "wrap" for "wraps" and "wrapping"; what it makes of other words is no matter."""
    stem = _ENDING.sub("", word)
    return _DOUBLED.sub(r"\1", stem) if stem != word else word


def _pieces(text: str, sizes: Iterable[int]) -> Iterable[str]:
    for size in sizes:
        yield from (text[at : at + size] for at in range(len(text) - size + 1))


class Rarity:
    """How telling each n-gram is among the texts that were added: the IDF of TF-IDF."""

    def __init__(self) -> None:
        self._texts = 0
        self._holding: Counter[str] = Counter()

    def add(self, grams: Grams) -> None:
        """Count one text."""
        self._texts += 1
        self._holding.update(grams.keys())

    def remove(self, grams: Grams) -> None:
        """Take one text out that was added."""
        self._texts -= 1
        self._holding.subtract(grams.keys())
        for gram in grams:
            if self._holding[gram] <= 0:
                del self._holding[gram]

    def weights(self, grams: Grams) -> dict[str, float]:
        """Return the TF-IDF vector of a text, of length 1 unless it is empty."""
        vector = {gram: (1 + math.log(n)) * self._idf(gram) for gram, n in grams.items()}
        length = math.sqrt(sum(weight * weight for weight in vector.values()))
        return {gram: weight / length for gram, weight in vector.items()} if length else {}

    def _idf(self, gram: str) -> float:
        # Smoothed as in scikit-learn: ln((1 + n) / (1 + df)) + 1.
        return math.log((1 + self._texts) / (1 + self._holding[gram])) + 1


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the cosine of two vectors of length 1, 0 to 1."""
    small, large = sorted((one, other), key=len)
    return sum(weight * large.get(gram, 0.0) for gram, weight in small.items())
