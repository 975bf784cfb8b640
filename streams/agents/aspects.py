"""What a review speaks of: what is asked about it, and what the answers make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from inference.messages import Item
from inference.tasks import aspects
from inference.tasks.aspects import Mention, Words
from inference.tasks.registry import ASPECTS, SENTIMENT
from schemas.results import AspectLabel
from streams.handler import Ask

Asked = Callable[[str, Mention], Item]
"""Makes of a text and a mention in it what a model is asked."""


def clause(text: str, mention: Mention) -> Item:
    """Return the clause, for a model that reads one text."""
    start, end = mention.clause
    return text[start:end]


def pair(text: str, mention: Mention) -> Item:
    """Return the sentence and the word, for a model that reads two."""
    return [text[slice(*mention.sentence)], text[slice(*mention.word)]]


@dataclass(kw_only=True, slots=True, eq=False)
class Spoken:
    """What one review speaks of."""

    text: str
    mentions: Sequence[Mention]
    asks: tuple[Ask, ...]  # one, or none where there is no mention

    def labels(self) -> tuple[AspectLabel, ...]:
        """Return its aspects, once the asks are answered."""
        found: tuple[AspectLabel, ...] = ()
        for ask in self.asks:
            if ask.model is not None:
                found += aspects.decide(self.text, self.mentions, ask.rows, ask.model.labels)
        return found


class AspectReader:
    """Finds by words what a review speaks of, and asks a model how."""

    def __init__(self, words: Words, slot: str = SENTIMENT, asked: Asked = clause) -> None:
        """`asked` makes what the slot's model reads."""
        self._words = words
        self._slot = slot
        self._asked = asked

    def read(self, text: str) -> Spoken:
        """Return what is to be asked."""
        mentions = self._words.find(text)
        items = [self._asked(text, one) for one in mentions]
        # What a model cannot read says nothing of an aspect, and nothing against the review.
        asks = (Ask(slot=self._slot, items=items, answers_unread=True),) if items else ()
        return Spoken(text=text, mentions=mentions, asks=asks)


NO_ASPECTS: Final = AspectReader(Words({}))
"""For shops that want one sentiment a review."""


def of_models(words: Words, slots: Sequence[str]) -> AspectReader:
    """Return a reader that asks the model made for aspects where there is one, or sentiment's."""
    return AspectReader(words, ASPECTS, pair) if ASPECTS in slots else AspectReader(words)
