"""A file's texts and their labels, for measuring a model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from streams.replay.columns import Columns
from streams.replay.errors import ColumnError
from streams.replay.events import LABEL
from streams.replay.readers import read_rows

_TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Texts, and the label of each."""

    texts: list[str]
    labels: list[str]
    skipped: int  # rows without one or the other


def read_labelled(path: Path, columns: Columns, limit: int | None = None) -> Labelled:
    """Return the file's texts and labels; raises `FileError`, or `ColumnError` if it has none."""
    texts: list[str] = []
    labels: list[str] = []
    skipped = 0
    there: dict[str, None] = {}
    for row in islice(read_rows(path), limit):
        fields = columns.apply(row.fields or {})
        there |= dict.fromkeys(row.fields or {})
        if fields.get(_TEXT) is None or fields.get(LABEL) is None:
            skipped += 1
            continue
        texts.append(str(fields[_TEXT]))
        labels.append(str(fields[LABEL]).strip())
    if not texts:
        raise ColumnError(
            f"no row of the file has a text and a label; it has {', '.join(there)}. "
            f"Say which they are with --map {_TEXT}=COLUMN,{LABEL}=COLUMN"
        )
    return Labelled(texts=texts, labels=labels, skipped=skipped)
