"""A text cut into words: Chinese by jieba's dictionary, the rest by its letters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inference.extras import segmenter

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PARTS: Final = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<word>[^\W_{_HAN}]+(?:['’-][^\W_{_HAN}]+)*)")
_REST: Final = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; all pieces together are the text."""

    text: str
    is_word: bool  # or a mark, or blanks


def pieces(text: str) -> list[Piece]:
    """Return the text as words, marks and blanks in their order."""
    found: list[Piece] = []
    end = 0
    for match in _PARTS.finditer(text):
        found += _rest(text[end : match.start()])
        if match["han"]:
            found += [Piece(word, is_word=True) for word in _segment(match["han"])]
        else:
            found.append(Piece(match["word"], is_word=True))
        end = match.end()
    return found + _rest(text[end:])


def _rest(text: str) -> list[Piece]:
    """Return marks, which may move a score too ("!!!"), and blanks, which do not."""
    return [Piece(part, is_word=not part.isspace()) for part in _REST.findall(text)]


def _segment(run: str) -> list[str]:
    words: list[str] = segmenter("cutting Chinese into words").lcut(run)
    return words
