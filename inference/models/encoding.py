"""From items to token ids: one text, or two that are read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inference.messages import Item
from inference.models.characters import whole_characters
from inference.settings import CHARACTERS_A_TOKEN

Pair = tuple[str, str]


@dataclass(frozen=True)
class EncodedText:
    """Token ids of one item, at least one."""

    ids: list[int]
    is_readable: bool = True  # whether the model knows any of them, marks aside
    second: int | None = None  # where the second text begins, for a model that wants to know
    temperature: float = 1.0  # divides its logits

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self.ids)


class TextEncoder:
    """A tokenizer, and the most tokens that its model takes."""

    def __init__(self, tokenizer: Any, *, pad: int, max_tokens: int, tells_apart: bool) -> None:
        """`tells_apart` says whether the model has vectors for which of two texts a token is of."""
        self.pad = pad
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        self._tells_apart = tells_apart
        # Those that every text gets, and the one for what is unknown.
        self._marks = frozenset([*tokenizer("")["input_ids"], *tokenizer.all_special_ids, pad])

    def __call__(self, items: Sequence[Item]) -> list[EncodedText]:
        """Return each item's ids, those of two texts with the tokenizer's marks between."""
        limit = self._max_tokens * CHARACTERS_A_TOKEN
        texts = [_as_texts(item, limit) for item in items]
        alone = iter(self._alone([one for one in texts if isinstance(one, str)]))
        pairs = iter(self._pairs([one for one in texts if not isinstance(one, str)]))
        return [next(alone if isinstance(one, str) else pairs) for one in texts]

    def _alone(self, texts: list[str]) -> list[EncodedText]:
        if not texts:
            return []
        return [self._encoded(ids) for ids in self._told(texts, types=False)["input_ids"]]

    def _pairs(self, pairs: list[Pair]) -> list[EncodedText]:
        if not pairs:
            return []
        firsts, seconds = (list(texts) for texts in zip(*pairs, strict=True))
        told = self._told(firsts, seconds, types=self._tells_apart)
        types = told["token_type_ids"] if self._tells_apart else [()] * len(pairs)
        return [
            self._encoded(ids, of.index(1) if 1 in of else None)
            for ids, of in zip(told["input_ids"], types, strict=True)
        ]

    def _told(self, *texts: list[str], types: bool) -> Any:
        return self._tokenizer(
            *texts,
            truncation=True,  # of two texts the longer one is cut
            max_length=self._max_tokens,
            return_attention_mask=False,
            return_token_type_ids=types,
        )

    def _encoded(self, ids: list[int], second: int | None = None) -> EncodedText:
        # A tokenizer without marks of its own has nothing for an empty text; the model needs one.
        return EncodedText(ids or [self.pad], not self._marks.issuperset(ids), second)


def _as_texts(item: Item, limit: int) -> str | Pair:
    """Return an item's text or its two, each with as many characters as can matter."""
    if isinstance(item, str):
        return _cut(item, limit)
    if len(item) == 2:
        return _cut(item[0], limit), _cut(item[1], limit)
    return _cut(" ".join(item), limit)


def first_text(item: Item) -> str:
    """Return the text whose language is the item's, as training takes it."""
    return item if isinstance(item, str) else next(iter(item), "")


def _cut(text: str, limit: int) -> str:
    return whole_characters(text[:limit])
