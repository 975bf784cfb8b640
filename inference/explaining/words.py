"""A text cut into words: Chinese by a segmenter, the rest by its letters.

A worker segments by the bundled vocabulary, which it has anyway. A command that explains one text
to a person takes jieba's dictionary, which knows rare words too and is part of the extra `train`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tokenizers import Tokenizer

from inference.extras import segmenter
from inference.models.loading import BUNDLED_FOLDER

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PARTS: Final = re.compile(
    rf"(?P<han>[{_HAN}]+)|(?P<word>[^\W_{_HAN}]+(?:['’-][^\W_{_HAN}]+)*)|\s+|(?:(?!\w)\S|_)+"
)
_VOCABULARY: Final = BUNDLED_FOLDER / "sentiment" / "tokenizer.json"
"""Its best path is that of a dictionary of shops' words, in which what follows a negation stands
together with it (`inference.training.tokenizer`)."""

Segment = Callable[[str], Iterable[str]]
"""Cuts a run of Han characters; the parts together are the run."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; all pieces together are the text."""

    text: str
    start: int  # in the text, in characters
    is_word: bool  # or a mark, which may move a score too ("!!!"); blanks do not

    @property
    def end(self) -> int:
        """Where it ends; outside."""
        return self.start + len(self.text)


def pieces(text: str, segment: Segment) -> Iterator[Piece]:
    """Yield the text as words, marks and blanks in their order."""
    for found in _PARTS.finditer(text):
        run, start = found.group(), found.start()
        if found["han"] is None:
            yield Piece(run, start, is_word=not run.isspace())
            continue
        for word in segment(run):
            yield Piece(word, start, is_word=True)
            start += len(word)


class Vocabulary:
    """Segments by the bundled vocabulary; reads it when the first Chinese text comes."""

    def __call__(self, run: str) -> Iterator[str]:
        """Yield the run's words."""
        begin = 0
        ends = (end for _, end in self._tokenizer.encode(run, add_special_tokens=False).offsets)
        for end in (*ends, len(run)):
            if end > begin:
                yield run[begin:end]
                begin = end

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(_VOCABULARY))
        tokenizer.no_truncation()
        return tokenizer


def by_dictionary(run: str) -> list[str]:
    """Segment by jieba's dictionary; raises `ModelError` where jieba is not installed."""
    words: list[str] = segmenter("cutting Chinese into words").lcut(run)
    return words


def without(text: str, start: int, end: int) -> str:
    """Return the text without a part of it, as it would have been written.

    Words beside it do not grow together, and of the blanks around it one stays, none at an edge:
    byte-level pieces take a second blank for something said.
    """
    before, after = text[:start], text[end:]
    if not before.strip() or not after.strip():
        return before.rstrip() + after.lstrip()
    if before[-1].isspace():
        return before + after.lstrip()
    apart = " " if before[-1].isascii() and after[0].isascii() and not after[0].isspace() else ""
    return f"{before}{apart}{after}"
