"""Parts of a text that have a score of their own."""

from __future__ import annotations

import re
from typing import Final

from inference.tasks.clauses import Place, bare

MOST: Final = 50
"""Sentences of one text; what comes after them is one part."""

# A run of full stops is tried at its first only, and as a whole: a comment that is all of them
# would otherwise take time with its square.
_END = re.compile(r"(?<![.!?])[.!?]++[\"'”’)\]]*+(?=\s|$)|[。！？…]+[\"'”’」』）]*|\n+")


def sentences(text: str) -> list[Place]:
    """Return where the sentences of `text` begin and end, in characters, without outer spaces."""
    ends = [found.end() for found in _END.finditer(text)][: MOST - 1]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    places = zip([0, *ends], ends, strict=False)
    found = (bare(text, begin, end) for begin, end in places)
    return [(begin, end) for begin, end in found if begin < end]
