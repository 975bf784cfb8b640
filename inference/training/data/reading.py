"""A file's rows as examples: cleaned text, meaning of the label, place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from inference.files.columns import Columns
from inference.files.errors import ColumnError, DataError
from inference.files.readers import Row, read_rows
from inference.training.data.labelling import Labelling, Names
from inference.training.data.losses import Loss, Reason, check_usable, told

TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class Example:
    """A text whose labels are known."""

    text: str
    labels: Names
    place: str  # "reviews.csv, line 17"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a file holds."""

    examples: list[Example]
    losses: list[Loss]
    rows: int


def read_examples(
    path: Path,
    columns: Columns,
    labelling: Labelling,
    *,
    limit: int | None = None,
    prepare: Callable[[str], str] = str.strip,
) -> Found:
    """Return a file's examples, each text through `prepare`, and what is left out of it.

    Raises `FileError` where it cannot be read, `ColumnError` where no row has what is needed, and
    `DataError` where it has no rows or more than a tenth of them are unusable.
    """
    texts: list[tuple[str, str]] = []
    values: list[object] = []
    losses: list[Loss] = []
    rows = 0
    there: dict[str, None] = {}
    for row in islice(read_rows(path), limit):
        rows += 1
        place = f"{path.name}, line {row.line}"
        fields = columns.apply(row.fields or {})
        there.update(dict.fromkeys(row.fields or {}))
        text, value = prepare(str(fields.get(TEXT) or "")), labelling.value(fields)
        fault = _fault(row, fields, text, value)
        if fault is not None:
            losses.append(Loss(fault, place, row.fault))
            continue
        texts.append((text, place))
        values.append(value)
    if not rows:
        raise DataError(f"{path} has no rows")
    if not texts:
        raise ColumnError(_nothing(path, labelling, list(there), losses))
    return _found(path, texts, labelling.names(values), losses, rows)


def _fault(row: Row, fields: Mapping[str, Any], text: str, value: object) -> Reason | None:
    if row.fields is None or row.fault:
        return Reason.BROKEN
    if not text:
        return Reason.NO_TEXT
    return Reason.NO_LABEL if value is None else None


def _found(
    path: Path,
    texts: list[tuple[str, str]],
    names: list[Names | None],
    losses: list[Loss],
    rows: int,
) -> Found:
    examples = []
    for (text, place), labels in zip(texts, names, strict=True):
        if labels is None:
            losses.append(Loss(Reason.UNKNOWN_LABEL, place))
        else:
            examples.append(Example(text, labels, place))
    check_usable(losses, rows, path)
    return Found(examples=examples, losses=losses, rows=rows)


def _nothing(path: Path, labelling: Labelling, there: list[str], losses: list[Loss]) -> str:
    if not there:
        return f"no row of {path} can be read: {'; '.join(told(losses))}"
    return (
        f"no row of {path} has a {TEXT} and {labelling.wanted}; it has {', '.join(there)}. "
        f"Say which they are with --map {TEXT}=COLUMN,label=COLUMN"
    )
