"""One text, cleaned for training; the worker reads texts as they come."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

_NAMES: Final = (
    "a abbr b blockquote br center code dd del div dl dt em font h[1-6] hr html i iframe img ins "
    "li ol p pre s script small span strike strong style sub sup table tbody td th thead tr u ul"
)
_TAG: Final = re.compile(
    rf"<!--.*?-->|</?(?:{_NAMES.replace(' ', '|')})(?:\s[^<>]{{0,500}})?\s*/?>",
    re.DOTALL | re.IGNORECASE,
)
"""Known tags only: people write <3 and <name> too."""
_BLANKS: Final = re.compile(r"\s+")
_RUN: Final = re.compile(r"([^\d\s])\1{3,}")
"""Digits are left: 100000 is a price."""
_KEPT_MARKS: Final = frozenset("\u200d\ufe0f")
"""Joiner and variation selector: they hold an emoji together."""


def clean(text: str) -> str:
    """Return the text in one line: HTML resolved, NFKC, no invisible marks, runs of at most three.

    Emoji stay as they are. May return an empty string.
    """
    plain = _TAG.sub(" ", html.unescape(text))
    plain = unicodedata.normalize("NFKC", plain)
    plain = "".join(char for char in _BLANKS.sub(" ", plain) if _is_kept(char))
    return _RUN.sub(r"\1\1\1", plain).strip()


def folded(text: str) -> str:
    """Return what two texts have in common that differ in case and blanks only."""
    return _BLANKS.sub("", text.casefold())


def _is_kept(char: str) -> bool:
    return char in _KEPT_MARKS or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
