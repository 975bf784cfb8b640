"""The clauses of a review: between two of them the opinion may turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Place = tuple[int, int]
"""Start and end in a text, in characters; the end is outside."""

_STOPS: Final = re.compile(
    r"[。！？!?…\n]+"
    # None in 5.5; a run of dots is tried at its first alone, and as a whole: a review of dots would
    # otherwise take time with its square.
    r"|(?<=\S)\s?(?<!\.)\.++(?=\s|$)"
    r"|(?<=[\u3400-\u9fff])\.+"
)
_PARTS: Final = re.compile(
    r"[，,；;～~]+"  # between them, and gone
    r"|(?<=[\u3400-\u9fff])\s+"  # for people who put no commas
    r"|(?=(?<![\w'])(?:but|however|although|though|except)(?![\w']))"  # the next begins there
    r"|(?=(?<![\w'])and (?:the|its?|this|they|i|we|my) )"
    r"|(?=(?<![不非])但|(?<!再好)(?<!只)不过(?![关时])|可是|然而|虽然|(?<!不)只是"
    r"|(?<![这那也不要正的])就是(?!说))",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[list[Place]]:
    """Yield the clauses of each sentence in their order, without the blanks around them.

    A sentence ends with its mark, a clause with a comma or before a word that turns it: but,
    however, 但, 不过. What a "not" denies stays beside it.
    """
    start = 0
    for stop in (*_STOPS.finditer(text), None):
        end = len(text) if stop is None else stop.start()
        if clauses := list(_clauses(text, start, end)):
            yield clauses
        start = end if stop is None else stop.end()


def bare(text: str, start: int, end: int) -> Place:
    """Return a place without the blanks around it; an empty one where there is nothing else."""
    part = text[start:end]
    begin = start + len(part) - len(part.lstrip())
    return begin, max(begin, start + len(part.rstrip()))


def _clauses(text: str, start: int, end: int) -> Iterator[Place]:
    for mark in (*_PARTS.finditer(text, start, end), None):
        until = end if mark is None else mark.start()
        begin, finish = bare(text, start, until)
        if begin < finish:
            yield begin, finish
        start = until if mark is None else mark.end()
