"""What the labels of a labelled file mean.

A label that is written as one of the model's own means that, a number too: an intent may be called
"17". The others of a file have one scale, told from all of them together, in this order:

0, 1              negative, positive
-1, 0, 1          negative, neutral, positive
1 to 5            stars: 1 and 2 negative, 3 neutral, 4 and 5 positive
words             a usual name of negative, neutral or positive

"1.0" is 1. "4 stars", "4星" and "1star" say what they are, whatever else is in the file. A file of
nothing but 1 is of the first scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from inference.errors import GoldLabelError
from inference.tasks.sentiment import label_names

Gold = str | int | float

_NEGATIVE, _NEUTRAL, _POSITIVE = "negative", "neutral", "positive"
_BINARY = {0: _NEGATIVE, 1: _POSITIVE}
_SIGNED = {-1: _NEGATIVE, 0: _NEUTRAL, 1: _POSITIVE}
_STARS = {1: _NEGATIVE, 2: _NEGATIVE, 3: _NEUTRAL, 4: _POSITIVE, 5: _POSITIVE}
_STAR = re.compile(r"([1-5])\s*(?:stars?|星|分|★)")


_SCALES = "A file may also say 0 and 1, -1 to 1, or 1 to 5 stars, all its rows on one scale"
_LONGEST_QUOTED, _WORDS_QUOTED = 24, 2


def gold_names(labels: Sequence[Gold], known: Sequence[str]) -> list[str]:
    """Return the name of each label among `known`; raises `GoldLabelError` for the first unknown.

    The error quotes what may be a label. It quotes no text: who maps the wrong column has texts.
    """
    by_case = {name.lower(): name for name in known}
    names: list[str] = []
    for row, meaning in enumerate(meanings(labels, known), start=1):
        name = by_case.get(meaning)
        if name is None:
            raise GoldLabelError(_unknown(labels[row - 1], row, known), row)
        names.append(name)
    return names


def _unknown(label: Gold, row: int, known: Sequence[str]) -> str:
    text = str(label).strip()
    is_short = len(text) <= _LONGEST_QUOTED and len(text.split()) <= _WORDS_QUOTED
    shown = repr(text) if is_short else f"{len(text)} characters long"
    said = f"the label of row {row} is {shown}, and none that the model knows: {', '.join(known)}"
    return f"{said}. {_SCALES}" if {_NEGATIVE, _POSITIVE} <= set(known) else said


def meanings(labels: Sequence[Gold], known: Sequence[str] = ()) -> list[str]:
    """Return what each label means in lower case; a number out of its scale means nothing, "".

    One of `known` means itself.
    """
    own = {name.lower() for name in known}
    written = [_written(label) for label in labels]
    plain = {text: _plain(text) for text in written if text not in own}
    scale = _scale(plain.values())
    return [_meaning(plain[text], scale) if text in plain else text for text in written]


def _meaning(label: str | int, scale: Mapping[int, str]) -> str:
    if isinstance(label, int):
        return scale.get(label, "")
    star = _STAR.fullmatch(label)
    return _STARS[int(star[1])] if star else label_names([label])[0]


def _scale(labels: Iterable[str | int]) -> Mapping[int, str]:
    """Return what the file's numbers mean."""
    numbers = {label for label in labels if isinstance(label, int)}
    return next((scale for scale in (_BINARY, _SIGNED) if numbers <= set(scale)), _STARS)


def _written(label: Gold) -> str:
    return str(int(label) if isinstance(label, bool) else label).strip().lower()


def _plain(text: str) -> str | int:
    """Return a number as such, whatever it was written as, and a word in lower case."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else text
