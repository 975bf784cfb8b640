"""A file's rows as examples: cleaned text, meaning of the label, place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from inference.files.columns import Columns, require_columns, require_fields
from inference.files.errors import ColumnError, DataError
from inference.files.readers import Row, read_rows
from inference.messages import Item
from inference.training.data.labelling import Labelling, Names
from inference.training.data.losses import Loss, Reason, check_usable, told

TEXT: Final = "text"
SECOND: Final[Mapping[str, str]] = {"aspects": "aspect"}
"""Of slots whose models read two texts together: the column of the second."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text, or a text and what is asked about it, whose labels are known."""

    text: str
    labels: Names
    place: str  # "reviews.csv, line 17"
    second: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The text, and the second where there is one."""
        return (self.text,) if self.second is None else (self.text, self.second)

    @property
    def item(self) -> Item:
        """What a model is asked."""
        return self.text if self.second is None else list(self.texts)

    @property
    def line(self) -> str:
        """Both in one, for a person and for a model that reads one text."""
        return " | ".join(self.texts)


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
    second: str | None = None,
    limit: int | None = None,
    prepare: Callable[[str], str] = str.strip,
) -> Found:
    """Return a file's examples, each text through `prepare`, and what is left out of it.

    `second` is the column of the second text, where examples have two. Raises `FileError` where the
    file cannot be read, `ColumnError` where no row has what is needed, and `DataError` where it has
    no rows or more than a tenth of them are unusable.
    """
    examples: list[Example] = []
    values: list[object] = []
    losses: list[Loss] = []
    rows = 0
    there: dict[str, None] = {}
    wanted = (TEXT, second) if second else (TEXT,)
    require_fields(columns.renamed, (*wanted, *labelling.fields), "--map")
    for row in islice(read_rows(path), limit):
        rows += 1
        place = f"{path.name}, line {row.line}"
        fields = columns.apply(row.fields or {})
        there.update(dict.fromkeys(row.fields or {}))
        texts = [prepare(str(fields.get(name) or "")) for name in wanted]
        value = labelling.value(fields)
        loss = _loss(row, place, dict(zip(wanted, texts, strict=True)), value)
        if loss is not None:
            losses.append(loss)
            continue
        examples.append(Example(texts[0], (), place, *texts[1:]))
        values.append(value)
    if not rows:
        raise DataError(f"{path} has no rows")
    if there:
        require_columns(columns, there, path.name)
    if not examples:
        raise ColumnError(_nothing(path, wanted, labelling, list(there), losses))
    return _found(path, examples, labelling.names(values), losses, rows)


def _loss(row: Row, place: str, texts: Mapping[str, str], value: object) -> Loss | None:
    if row.fields is None or row.fault:
        return Loss(Reason.BROKEN, place, row.fault)
    if not all(texts.values()):
        lacking = [name for name, text in texts.items() if not text and name != TEXT]
        return Loss(Reason.NO_TEXT, place, f"no {lacking[0]}" if lacking else "")
    return Loss(Reason.NO_LABEL, place) if value is None else None


def _found(
    path: Path,
    read: list[Example],
    names: list[Names | None],
    losses: list[Loss],
    rows: int,
) -> Found:
    examples = []
    for one, labels in zip(read, names, strict=True):
        if labels is None:
            losses.append(Loss(Reason.UNKNOWN_LABEL, one.place))
        else:
            examples.append(replace(one, labels=labels))
    check_usable(losses, rows, path)
    return Found(examples=examples, losses=losses, rows=rows)


def _nothing(
    path: Path,
    wanted: Sequence[str],
    labelling: Labelling,
    there: list[str],
    losses: list[Loss],
) -> str:
    if not there:
        return f"no row of {path} can be read: {'; '.join(told(losses))}"
    return (
        f"no row of {path} has a {', '.join(wanted)} and {labelling.wanted}; it has "
        f"{', '.join(there)}. Say which they are with --map "
        f"{','.join(f'{name}=COLUMN' for name in (*wanted, 'label'))}"
    )
