"""A file's columns as our fields: `--map`, `--set`, numbers and times."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from inference.files.errors import ColumnError
from schemas.hints import nearest

_NUMBER_FIELDS = frozenset({"rating", "quantity", "unit_price", "price"})
_TIME_FIELDS = frozenset({"created_at", "eta"})
_TRUTH_FIELDS = frozenset({"available", "explain"})
_TYPED_FIELDS = _NUMBER_FIELDS | _TIME_FIELDS | _TRUTH_FIELDS
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+)")
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_UNIX_DIGITS = 9

# Month before day, as spreadsheets of the shops that we know export; day first where only that
# is a date. `%Y` first: `%y` would take the first half of a long year.
_TIME_FORMATS = tuple(
    f"{date}{time}"
    for date in (
        "%m/%d/%Y",
        "%m/%d/%y",
        "%d/%m/%Y",
        "%d/%m/%y",
        "%Y/%m/%d",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%Y年%m月%d日",
        "%d %b %Y",
        "%d-%b-%Y",
        "%b %d, %Y",
        "%B %d, %Y",
    )
    for time in (" %H:%M", " %H:%M:%S", "", " %I:%M %p", " %I:%M:%S %p")
)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How rows of one file become fields."""

    renamed: Mapping[str, str] = field(default_factory=dict)  # our field -> their column
    constants: Mapping[str, str] = field(default_factory=dict)  # for rows that have no value

    def apply(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row under our names, values that are missing left out."""
        taken = self._taken
        fields = {name: value for name, value in row.items() if name not in taken}
        for name, column in self.renamed.items():
            fields[name] = row.get(column)
        filled = {
            name: _typed(name, value) if name in _TYPED_FIELDS else value
            for name, value in fields.items()
            if value is not None
        }
        return self._constants | filled if self.constants else filled

    @cached_property
    def _taken(self) -> frozenset[str]:
        return frozenset(self.renamed.values()) - frozenset(self.renamed)

    @cached_property
    def _constants(self) -> dict[str, Any]:
        return {name: _typed(name, value) for name, value in self.constants.items()}


def parse_pairs(options: Iterable[str], flag: str) -> dict[str, str]:
    """Return `a=b,c=d`, given once or several times, as a mapping; raises `ColumnError`."""
    pairs: dict[str, str] = {}
    for part in (part for option in options for part in option.split(",")):
        name, equals, value = part.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise ColumnError(f"{flag} takes NAME=VALUE, with commas between, not {part!r}")
        pairs[name.strip()] = value.strip()
    return pairs


def require_fields(named: Iterable[str], known: Collection[str], flag: str) -> None:
    """Raise `ColumnError` for the first of `named`, our side of a mapping, that is no field."""
    for name in named:
        if name not in known:
            raise ColumnError(f"{flag}: there is no field {name!r}: {nearest(name, known)}")


def require_columns(columns: Columns, there: Collection[str], file: str) -> None:
    """Raise `ColumnError` for the first column that is mapped and does not stand in the file."""
    for column in columns.renamed.values():
        if column not in there:
            raise ColumnError(f"{file} has no column {column!r}; it has {', '.join(there)}")


def _typed(name: str, value: Any) -> Any:
    """Return text as the number, time or truth that the field needs; anything else as it is."""
    if not isinstance(value, str):
        return value
    if name in _NUMBER_FIELDS:
        return _number(value)
    if name in _TIME_FIELDS:
        return parse_time(value.strip())
    if name in _TRUTH_FIELDS:
        return _TRUTHS.get(value.strip().lower(), value)
    return value


def _number(text: str) -> int | float | str:
    bare = text.strip()
    if _WHOLE.fullmatch(bare):
        return int(bare)
    return float(bare) if _DECIMAL.fullmatch(bare) else text


@lru_cache(maxsize=4096)
def parse_time(text: str) -> str:
    """Return a time in one of the usual forms as ISO 8601, in UTC where it names no zone.

    Text that is no time, and Unix time, come back as they are.
    """
    if text.isdigit() and len(text) >= _UNIX_DIGITS:
        return text
    moment = _iso(text)
    for form in _TIME_FORMATS if moment is None else ():
        try:
            moment = datetime.strptime(text, form)
            break
        except ValueError:
            continue
    if moment is None:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
