"""Which language a text should be answered in."""

from __future__ import annotations

import re
from typing import Final

from schemas.base import Language

_LOOKED_AT = 2_000
"""Characters; the language of a longer text is plain by then."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_OTHER_EAST_ASIAN = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af]")
_WORD = re.compile(r"(?<![^\W_])[a-z\u00c0-\u024f]+(?:['’][a-z]+)?(?![^\W_])", re.IGNORECASE)
_CHINESE_TAGS: Final = frozenset({"zh", "zho", "chi", "cmn", "yue", "wuu", "hak", "nan"})
_ENGLISH_TAGS: Final = frozenset({"en", "eng"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH_WORDS: Final = _words(
    "a about am an and any are as at be been but by can could did do does don't for from get "
    "had has have hello hey hi how i i'm i've if in is isn't it it's me my no not of on or our "
    "please so that the their there they this to was we were what when where which who why will "
    "with won't would yes you your thanks thank sorry"
)
"""Words that English sentences are held together by; product names have none of them."""

_NAME_WEIGHT = 0.5
_GLUE_WEIGHT = 2.0
"""A Han character weighs 1. A Latin word in a Chinese sentence is mostly a name, hence less."""


def language_of_tag(tag: str | None) -> Language | None:
    """Return the language that a BCP 47 tag names, None where tasks do not answer in it."""
    primary = re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0] if tag else ""
    if primary in _CHINESE_TAGS:
        return Language.CHINESE
    return Language.ENGLISH if primary in _ENGLISH_TAGS else None


def guess_language(text: str, hint: str | None = None) -> Language:
    """Return the language of `text`.

    Mixed text is Chinese unless English holds the sentence together: "这个kettle怎么样" is
    Chinese, "the 电饭煲 I ordered is late" is English. `hint` (a BCP 47 tag) decides where the text
    does not: no letters, or one Latin word that may be a name.
    """
    head = text[:_LOOKED_AT]
    chinese = float(len(_HAN.findall(head)))
    other = _weight_of_words(head) + 1.0 * len(_OTHER_EAST_ASIAN.findall(head))
    if chinese == 0.0 and other <= _NAME_WEIGHT:
        return language_of_tag(hint) or Language.ENGLISH
    return Language.CHINESE if chinese >= other else Language.ENGLISH


def _weight_of_words(text: str) -> float:
    words = (found.group().lower().replace("’", "'") for found in _WORD.finditer(text))
    return sum(_GLUE_WEIGHT if word in _ENGLISH_WORDS else _NAME_WEIGHT for word in words)
