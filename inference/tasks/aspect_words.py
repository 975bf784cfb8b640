"""A shop's own words of aspects, as they stand in a TOML file.

    [price]                         # an aspect, as results call it
    zh = ["价格"]                   # its names, which say nothing by themselves
    zh_opinions = ["贵", "便宜"]     # words that do
    en = ["price"]
    en_opinions = ["overpriced"]

    [ignored]                       # longer words that mean none, though they hold one of the above
    zh = ["宝贵"]

An aspect needs some words of any kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from inference.files.errors import FileError
from inference.files.toml import read_toml
from inference.tasks.aspects import IGNORED, Aspect, Words
from schemas.base import Language
from schemas.hints import nearest

BUNDLED: Final = Path(__file__).parent.parent / "bundled" / "aspects" / "words.toml"
_NAMES: Final = tuple(language.value for language in Language)
_OPINIONS: Final = tuple(f"{name}_opinions" for name in _NAMES)
_KNOWN: Final = (*_NAMES, *_OPINIONS)


class AspectWordsError(ValueError):
    """A file of aspects' words is not what it should be; the sentence says where."""


def read_words(path: Path = BUNDLED) -> Words:
    """Return the words in a file; raises `AspectWordsError`."""
    try:
        return parse_words(read_toml(path))
    except FileError as error:
        raise AspectWordsError(str(error)) from error
    except AspectWordsError as error:
        raise AspectWordsError(f"{path}: {error}") from None


def parse_words(content: Mapping[str, Any]) -> Words:
    """Return the words of a file's content; raises `AspectWordsError`."""
    aspects = {aspect: _aspect(aspect, table) for aspect, table in content.items()}
    if not aspects.keys() - {IGNORED}:
        raise AspectWordsError(
            "no aspect is named, so none would ever be found: name one, or set "
            "aspects.enabled = false"
        )
    owners: dict[str, str] = {}
    for aspect, words in aspects.items():
        for word in (*words.names, *words.opinions):
            if owners.setdefault(word.lower(), aspect) != aspect:
                raise AspectWordsError(f"{word!r} is of {owners[word.lower()]} and of {aspect}")
    return Words(aspects)


def _aspect(name: str, table: object) -> Aspect:
    if not isinstance(table, dict) or not any(table.values()):
        raise AspectWordsError(f"{name} must be a table with {', '.join(_KNOWN)}")
    for key, words in table.items():
        if key not in _KNOWN:
            raise AspectWordsError(f"unknown key {name}.{key}: {nearest(key, _KNOWN)}")
        if not isinstance(words, list) or not all(
            isinstance(word, str) and word.strip() for word in words
        ):
            raise AspectWordsError(f"{name}.{key} must be a list of words")
    return Aspect(names=_of(table, _NAMES), opinions=_of(table, _OPINIONS))


def _of(table: Mapping[str, list[str]], keys: Iterable[str]) -> list[str]:
    return [word.strip() for key in keys for word in table.get(key, ())]
