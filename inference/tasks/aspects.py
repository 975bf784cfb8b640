"""What a review speaks of, and how: by words that name an aspect and the clauses that they are in.

Words       the words of each aspect
find        where a text names one, with the clause that speaks of it
decide      the model's answers to those clauses as a review's aspects
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final, NamedTuple

from inference.tasks import sentiment
from inference.tasks.clauses import Place, sentences
from schemas.results import AspectLabel

IGNORED: Final = "ignored"
"""Not an aspect: words that hold another aspect's and mean something else."""
MOST: Final = 24
"""Mentions of one review that are asked about; few reviews have so many."""
READ: Final = 10_000
"""Characters of a review that are looked through."""
JOINED: Final = 3
"""Clauses that are read as one where the first ones only name things."""
QUOTED: Final = 300
"""Characters of a clause that are repeated."""
SURE: Final = 0.6
"""Least probability of a sentiment that is told: where the model cannot say, nothing is."""
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_SAYING: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_EMPTY_HAN: Final = frozenset("的地得了着过啊呢吧吗嘛呀也还都就和与及跟是在有这那我你他它们个")
_EMPTY_WORDS: Final = re.compile(
    r"an?|the|and|or|of|for|in|on|at|to|with|it'?s?|this|that|these|those|is|are|was|were|be|my|"
    r"your|their|his|her|i|we|you|they|as|so|also|s"
)
"""Words that say nothing by themselves."""


@dataclass(frozen=True, kw_only=True)
class Aspect:
    """The words of one aspect."""

    names: Iterable[str] = ()  # that say nothing by themselves: delivery
    opinions: Iterable[str] = ()  # that do: overpriced


@dataclass(frozen=True, slots=True)
class Mention:
    """A word that names an aspect, the clause in which something is said of it, its sentence."""

    aspect: str
    word: Place
    clause: Place
    sentence: Place


class Words:
    """The words of each aspect, ready to be looked for."""

    def __init__(self, aspects: Mapping[str, Aspect]) -> None:
        self._aspects = {
            form: (aspect, is_opinion)
            for aspect, words in aspects.items()
            for is_opinion, forms in ((False, _forms(words.names)), (True, words.opinions))
            for form in map(str.lower, forms)
        }
        self._pattern = _pattern(self._aspects)

    def find(self, text: str) -> list[Mention]:
        """Return the first mentions of a text, in its order; of one clause and aspect the first."""
        if self._pattern is None:
            return []
        plain = text[:READ].lower()
        if len(plain) != len(text[:READ]):  # a few letters have no lower case of one character
            plain = text[:READ]
        found = [
            _Found(match.span(), *self._aspects[match.group()])
            for match in self._pattern.finditer(plain)
        ]
        if not found:
            return []
        once: dict[tuple[str, Place], Mention] = {}
        for one in _placed(plain, found):
            if one.aspect != IGNORED:
                once.setdefault((one.aspect, one.clause), one)
        return list(islice(once.values(), MOST))


def decide(
    text: str,
    mentions: Sequence[Mention],
    rows: Sequence[sentiment.Floats],
    labels: Sequence[str],
) -> tuple[AspectLabel, ...]:
    """Return a text's aspects in its order, each once for each sentiment, the surest clause of it.

    `rows` are the mentions' probabilities [labels]; one without numbers says nothing, and so does
    one that is nowhere `SURE`.
    """
    surest: dict[tuple[str, str], AspectLabel] = {}
    for one, row in zip(mentions, rows, strict=True):
        if not (row == row).all():
            continue
        label, score, _ = sentiment.decide(row, labels)
        key = one.aspect, label
        if score >= SURE and (key not in surest or surest[key].score < score):
            surest[key] = _label(text, one, label, score)
    return tuple(sorted(surest.values(), key=lambda one: (one.start, one.end)))


def _label(text: str, mention: Mention, label: str, score: float) -> AspectLabel:
    start, end = mention.clause
    return AspectLabel(
        name=mention.aspect,
        sentiment=label,
        score=score,
        text=text[start : min(end, start + QUOTED)],
        start=start,
        end=end,
    )


class _Found(NamedTuple):
    place: Place
    aspect: str
    is_opinion: bool


def _placed(text: str, found: Iterable[_Found]) -> Iterator[Mention]:
    """Yield each word with its clause, longer by the next ones where it says nothing of it.

    A word of which nothing is said is left out.
    """
    left = deque(found)
    for clauses in sentences(text):
        named = [list(_taken(left, end)) for _, end in clauses]
        telling = [
            _says_something(text, clause, words)
            for clause, words in zip(clauses, named, strict=True)
        ]
        whole = clauses[0][0], clauses[-1][1]
        for at, words in enumerate(named):
            near = range(at, min(at + JOINED, len(clauses)))
            ends = [clauses[n][1] for n in near if telling[n]]
            for word in words if ends else ():
                yield Mention(word.aspect, word.place, (clauses[at][0], ends[0]), whole)


def _taken(left: deque[_Found], end: int) -> Iterator[_Found]:
    while left and left[0].place[0] < end:
        yield left.popleft()


def _says_something(text: str, clause: Place, words: Sequence[_Found]) -> bool:
    """Return whether there is more in a clause than names of aspects and what joins them."""
    if any(word.is_opinion for word in words):
        return True
    start, end = clause
    rest = []
    for word in words:
        rest.append(text[start : word.place[0]])
        start = word.place[1]
    rest.append(text[start:end])
    return any(next(_said(part), "") for part in rest)


def _said(part: str) -> Iterator[str]:
    for run in _SAYING.findall(part):
        if _HAN.search(run):
            yield from (char for char in run if char not in _EMPTY_HAN)
        elif not _EMPTY_WORDS.fullmatch(run):
            yield run


def _forms(names: Iterable[str]) -> Iterator[str]:
    """Yield names, and if they are not Chinese their plurals."""
    for name in names:
        yield name
        if not _HAN.search(name):
            yield f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds the longest word anywhere, those of letters where no other goes on."""
    han = [word for word in words if _HAN.search(word)]
    others = [word for word in words if not _HAN.search(word)]
    parts = [_any_of(han)] if han else []
    if others:
        parts.append(rf"(?<![^\W_\u3400-\u9fff])(?:{_any_of(others)})(?![^\W_\u3400-\u9fff])")
    return re.compile("|".join(parts)) if parts else None


def _any_of(words: Iterable[str]) -> str:
    """Return an expression for the longest of the words, told apart by their first characters."""
    by_first = groupby(sorted(set(words)), key=lambda word: word[0])
    return "|".join(f"{re.escape(first)}(?:{'|'.join(_rests(group))})" for first, group in by_first)


def _rests(words: Iterable[str]) -> list[str]:
    return [re.escape(word[1:]) for word in sorted(words, key=len, reverse=True)]
