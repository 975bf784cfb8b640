"""A shop's questions and answers, found by intent and likeness of the question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from inference.tasks.language import guess_language, language_of_tag
from inference.tasks.similarity import Grams, Rarity, cosine, grams_of, normalised
from schemas.base import Language
from schemas.reference import KnowledgeEntry

NEAR_ENOUGH: Final = 0.4
"""Cosine from which a question counts as the one that was asked.

Of 40 paraphrases of a 79-entry shop FAQ, 36 found their entry and none a wrong one at this value,
with all entries under one intent; of 20 questions that it does not answer, 1 got an answer.
"""

LIKELY: Final = 0.2
"""Probability from which an entry counts to an intent; a question may well belong to two."""


@dataclass(frozen=True)
class _Known:
    entry: KnowledgeEntry
    language: Language
    intents: frozenset[str]
    declared: bool  # the shop named the intent, we did not infer it
    question: str  # normalised
    grams: Grams


@dataclass(frozen=True)
class Match:
    """An entry and how like its question is to the text, 0 to 1."""

    entry: KnowledgeEntry
    likeness: float


def likely_intents(
    row: Sequence[float], labels: Sequence[str], floor: float = LIKELY
) -> tuple[str, ...]:
    """Return the intents that a question may have: the first, and all of at least `floor`."""
    best = max(range(len(labels)), key=lambda at: row[at])
    return tuple(label for at, label in enumerate(labels) if at == best or float(row[at]) >= floor)


class KnowledgeBase:
    """The entries of one shop. Owned by one caller, changed by `put` and `remove` alone.

    A query costs one vector for each entry of its intent, some 0.01 ms each.
    """

    def __init__(self, near_enough: float = NEAR_ENOUGH) -> None:
        self._near_enough = near_enough
        self._known: dict[str, _Known] = {}
        self._by_intent: dict[tuple[Language, str], dict[str, None]] = defaultdict(dict)
        self._by_question: dict[tuple[Language, str], dict[str, None]] = defaultdict(dict)
        self._rarity: dict[Language, Rarity] = defaultdict(Rarity)
        self._vectors: dict[str, dict[str, float]] = {}  # made on demand, void after a change

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[KnowledgeEntry]:
        return (known.entry for known in self._known.values())

    def put(self, entry: KnowledgeEntry, intents: Collection[str] = ()) -> None:
        """Add the entry or replace the one of its id.

        `intents` are those that the model found (`likely_intents`) where the entry names none. An
        entry of neither is found only by its very words, and one in a language that tasks do not
        answer in is kept but never found.
        """
        self.remove(entry.entry_id)
        known = _known(entry, intents)
        self._known[entry.entry_id] = known
        if entry.language and language_of_tag(entry.language) is None:
            return
        self._rarity[known.language].add(known.grams)
        self._vectors.clear()
        for place in _places(known):
            self._by_intent[place][entry.entry_id] = None
        self._by_question[known.language, known.question][entry.entry_id] = None

    def remove(self, entry_id: str) -> None:
        """Take the entry out; one that is not there is no error."""
        known = self._known.pop(entry_id, None)
        if known is None or entry_id not in self._by_question[known.language, known.question]:
            return
        self._rarity[known.language].remove(known.grams)
        self._vectors.clear()
        for place in _places(known):
            del self._by_intent[place][entry_id]
        del self._by_question[known.language, known.question][entry_id]

    def verbatim(self, language: Language, text: str) -> KnowledgeEntry | None:
        """Return the entry whose question `text` is, whatever its intent."""
        found = self._by_question.get((language, normalised(text)))
        return self._known[min(found)].entry if found else None

    def best(
        self, intent: str, language: Language, text: str, *, other_language: bool = False
    ) -> KnowledgeEntry | None:
        """Return the entry that answers `text`, None where none is near enough.

        Where the shop named a single entry for an intent, the intent is enough. `other_language`
        lets an answer in the other language stand in for a missing one.
        """
        match = self.match(intent, language, text)
        if match is None and other_language:
            others = (self.match(intent, other, text) for other in Language if other != language)
            match = next(filter(None, others), None)
        return match.entry if match else None

    def match(self, intent: str, language: Language, text: str) -> Match | None:
        """Return the entry of `intent` in `language` closest to `text`, if it is near enough."""
        candidates = [self._known[i] for i in self._by_intent.get((language, intent), ())]
        if not candidates:
            return None
        likened = [Match(known.entry, like) for known, like in self._liken(text, candidates)]
        best = max(likened, key=lambda match: (match.likeness, match.entry.entry_id))
        if best.likeness >= self._near_enough:
            return best
        declared = [known.entry for known in candidates if known.declared]
        return Match(declared[0], 0.0) if len(declared) == 1 else None

    def _liken(self, text: str, candidates: list[_Known]) -> Iterator[tuple[_Known, float]]:
        asked = self._rarity[candidates[0].language].weights(grams_of(text))
        return ((known, cosine(asked, self._vector(known))) for known in candidates)

    def _vector(self, known: _Known) -> dict[str, float]:
        vector = self._vectors.get(known.entry.entry_id)
        if vector is None:
            vector = self._rarity[known.language].weights(known.grams)
            self._vectors[known.entry.entry_id] = vector
        return vector


def _known(entry: KnowledgeEntry, intents: Collection[str]) -> _Known:
    tagged = language_of_tag(entry.language)
    return _Known(
        entry=entry,
        language=tagged or guess_language(entry.question),
        intents=frozenset({entry.intent} if entry.intent else intents),
        declared=entry.intent is not None,
        question=normalised(entry.question),
        grams=grams_of(entry.question),
    )


def _places(known: _Known) -> list[tuple[Language, str]]:
    return [(known.language, intent) for intent in known.intents]
