"""What a row's label means: one class of a task's, a name, or any number of attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from inference.files.errors import ColumnError
from inference.gold import meanings
from inference.tasks.registry import MODERATION

LABEL: Final = "label"
LABELS: Final = "labels"
SENTIMENTS: Final = ("negative", "neutral", "positive")
_APART: Final = re.compile(r"\s*[|;,]\s*")
_YES: Final = frozenset({"1", "true", "yes", "y"})
_NO: Final = frozenset({"0", "false", "no", "n", ""})
_NONE: Final = frozenset({"", "none", "clean", "ok"})
"""Words for a row that has none of the attributes."""

Names = tuple[str, ...]
"""A row's labels, sorted; exactly one where the classes exclude each other."""


class Labelling(Protocol):
    """How the labels of one file are read."""

    many: bool
    """Whether a text may have several labels, or none."""

    def value(self, fields: Mapping[str, Any]) -> object | None:
        """Return what the row says of its label; None where it says nothing."""
        ...

    def names(self, values: Sequence[object]) -> list[Names | None]:
        """Return what each value of a whole file means; None where it means nothing."""
        ...

    @property
    def wanted(self) -> str:
        """The columns that a row needs beside its text, for a person."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """Our names of the columns that are read."""
        ...


class SentimentLabels:
    """Negative, neutral, positive: as words, 0 and 1, -1 to 1 or stars (`inference.gold`)."""

    many = False
    wanted = LABEL
    fields = (LABEL,)

    def value(self, fields: Mapping[str, Any]) -> object | None:
        """Return the column `label`."""
        return fields.get(LABEL)

    def names(self, values: Sequence[object]) -> list[Names | None]:
        """Return what each means on the file's own scale."""
        found = meanings([value if isinstance(value, int) else str(value) for value in values])
        return [(name,) if name in SENTIMENTS else None for name in found]


class NamedLabels:
    """Any word is a class."""

    many = False
    wanted = LABEL
    fields = (LABEL,)

    def value(self, fields: Mapping[str, Any]) -> object | None:
        """Return the column `label`."""
        return fields.get(LABEL)

    def names(self, values: Sequence[object]) -> list[Names | None]:
        """Return the names as they are written."""
        return [(name,) if (name := str(value).strip()) else None for value in values]


class ListedLabels:
    """A list of attributes, `["insult", "spam"]` or "insult|spam"; an empty one is none of them."""

    many = True
    wanted = LABELS
    fields = (LABELS, LABEL)

    def value(self, fields: Mapping[str, Any]) -> object | None:
        """Return the column `labels`, or `label`."""
        value = fields.get(LABELS)
        return fields.get(LABEL) if value is None else value

    def names(self, values: Sequence[object]) -> list[Names | None]:
        """Return the attributes of each."""
        return [_listed(value) for value in values]


class AttributeColumns:
    """One column an attribute, 0 or 1."""

    many = True

    def __init__(self, attributes: Sequence[str]) -> None:
        if not all(attributes):
            raise ColumnError("--attributes takes names with commas between")
        self._attributes = tuple(attributes)

    @property
    def wanted(self) -> str:
        """The columns."""
        return ", ".join(self._attributes)

    @property
    def fields(self) -> tuple[str, ...]:
        """The attributes."""
        return self._attributes

    def value(self, fields: Mapping[str, Any]) -> object | None:
        """Return the cells of a row that has all of them."""
        cells = [fields.get(name) for name in self._attributes]
        return None if None in cells else cells

    def names(self, values: Sequence[object]) -> list[Names | None]:
        """Return the attributes that are 1."""
        return [self._set(value) for value in values]

    def _set(self, cells: object) -> Names | None:
        truths = [_truth(cell) for cell in cells] if isinstance(cells, list) else [None]
        if None in truths:
            return None
        pairs = zip(self._attributes, truths, strict=True)
        return tuple(sorted(name for name, is_set in pairs if is_set))


def labelling_of(slot: str, attributes: Sequence[str] = ()) -> Labelling:
    """Return how labels are read that a model is measured on: what they mean is the model's to say.

    `attributes` are columns of 0 and 1, one an attribute. Raises `ColumnError` where they are given
    for a slot whose labels exclude each other.
    """
    if slot != MODERATION:
        if attributes:
            raise ColumnError(f"only {MODERATION} takes --attributes, {slot} has one label a text")
        return NamedLabels()
    return AttributeColumns(attributes) if attributes else ListedLabels()


def _listed(value: object) -> Names | None:
    if isinstance(value, str):
        parts = [] if value.strip().lower() in _NONE else _APART.split(value.strip())
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        parts = [one.strip() for one in value]
    else:
        return None
    return tuple(sorted(set(parts))) if all(parts) else None


def _truth(cell: object) -> bool | None:
    text = str(cell).strip().lower().removesuffix(".0")
    if text in _YES:
        return True
    return False if text in _NO else None
