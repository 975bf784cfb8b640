"""Rows of any file: CSV, JSON lines, JSON arrays, fastText, plain text; gzipped or not."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson

from streams.replay.errors import FileError
from streams.replay.json_stream import array_items
from streams.replay.lines import read_lines

_LONGEST_CELL = 16 * 1024 * 1024
_DELIMITERS = ",;\t"
_FASTTEXT_LABEL = "__label__"
_GZIP = ".gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a file."""

    number: int  # from 1, blank ones not counted
    fields: dict[str, Any] | None  # None where the row is no object: `raw` is sent as it is
    raw: bytes = b""


Lines = Iterator[str]
Reader = Callable[[Path, Lines], Iterator[Row]]


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the file's rows; raises `FileError` where it cannot be read as what it seems to be."""
    lines = read_lines(path)
    head = list(islice(lines, 2))
    reader = _reader_for(path, head)
    yield from reader(path, chain(head, lines))


def _reader_for(path: Path, head: list[str]) -> Reader:
    """Return the reader for a file by extension, or by its first lines where that says little."""
    name = path.name.lower().removesuffix(_GZIP)
    extension = name[name.rfind(".") :] if "." in name else ""
    first = head[0].lstrip() if head else ""
    if first.startswith(_FASTTEXT_LABEL):
        return _fasttext
    if extension in {".jsonl", ".ndjson"}:
        return _json_lines
    if extension in {".txt", ".csv", ".tsv"}:
        return _plain_text if extension == ".txt" else _csv
    if first.startswith(("{", "[")) or extension == ".json":
        return _json_lines if _are_json_lines(head) else _json_array
    return _csv


def _are_json_lines(head: list[str]) -> bool:
    """Whether the first line is an object by itself and the file goes on after it."""
    try:
        return isinstance(orjson.loads(head[0]), dict) and len(head) > 1
    except (IndexError, orjson.JSONDecodeError):
        return False


def _csv(path: Path, lines: Lines) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    header = next(lines, "")
    if not header.strip():
        raise FileError(f"{path} is empty")
    delimiter = max(_DELIMITERS, key=header.count)
    cells = csv.reader(chain([header], lines), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(cells)]
        filled = (row for row in cells if row)
        for number, row in enumerate(filled, start=1):
            yield Row(number=number, fields=_named(names, row))
    except csv.Error as error:
        raise FileError(f"{path}: line {cells.line_num} is not CSV: {error}") from error


def _named(names: list[str], cells: list[str]) -> dict[str, Any]:
    """Return the row by column; a blank cell is None, since CSV has no other way to say so."""
    return {
        name: cell if cell.strip() else None
        for name, cell in zip(names, cells, strict=False)
        if name
    }


def _json_lines(_path: Path, lines: Lines) -> Iterator[Row]:
    filled = (line.strip() for line in lines)
    for number, line in enumerate(filter(None, filled), start=1):
        yield _json_row(number, line.encode())


def _json_row(number: int, line: bytes) -> Row:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return Row(number=number, fields=value)
    return Row(number=number, fields=None, raw=line)


def _json_array(path: Path, lines: Lines) -> Iterator[Row]:
    for number, item in enumerate(array_items(path, lines), start=1):
        if isinstance(item, dict):
            yield Row(number=number, fields=item)
        else:
            raw = json.dumps(item, ensure_ascii=False).encode()
            yield Row(number=number, fields=None, raw=raw)


def _plain_text(_path: Path, lines: Lines) -> Iterator[Row]:
    filled = (line.rstrip("\r\n") for line in lines if line.strip())
    for number, line in enumerate(filled, start=1):
        yield Row(number=number, fields={"text": line})


def _fasttext(_path: Path, lines: Lines) -> Iterator[Row]:
    """Yield `__label__X "text"` as label and text."""
    filled = (line.strip() for line in lines if line.strip())
    for number, line in enumerate(filled, start=1):
        label, _, text = line.partition(" ")
        text = text.strip()
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1].replace('""', '"')
        fields = {"label": label.removeprefix(_FASTTEXT_LABEL), "text": text}
        yield Row(number=number, fields=fields)
