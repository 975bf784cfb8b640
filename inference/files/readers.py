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

from inference.files.errors import FileError
from inference.files.json_stream import array_items
from inference.files.lines import read_lines

_LONGEST_CELL = 16 * 1024 * 1024
_DELIMITERS = ",;\t"
_MOST_LINES = 500
"""Of one CSV row; one that spans more has taken its neighbours into a quoted cell."""
_FASTTEXT_LABEL = "__label__"
_GZIP = ".gz"
_NO_OBJECT = "it is no JSON object"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a file."""

    number: int  # from 1, blank ones not counted
    line: int  # of the file, from 1: where the row begins
    fields: dict[str, Any] | None  # None where the row is no object: `raw` is sent as it is
    raw: bytes = b""
    fault: str = ""  # what makes it doubtful that the cells are what was meant


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
        number, line = 0, cells.line_num + 1
        for row in cells:
            if row:
                number += 1
                fault = _fault(names, row, cells.line_num - line + 1)
                yield Row(number=number, line=line, fields=_named(names, row), fault=fault)
            line = cells.line_num + 1
    except csv.Error as error:
        raise FileError(f"{path}: line {cells.line_num} is not CSV: {error}") from error


def _fault(names: list[str], row: list[str], lines: int) -> str:
    """Return what is wrong with a CSV row's shape, if anything."""
    if lines > _MOST_LINES:
        return f"it spans {lines} lines: a quote is probably not closed"
    if len(row) != len(names):
        return f"{len(row)} cells where the header has {len(names)}"
    return ""


def _named(names: list[str], cells: list[str]) -> dict[str, Any]:
    """Return the row by column; a blank cell is None, since CSV has no other way to say so."""
    return {
        name: cell if cell.strip() else None
        for name, cell in zip(names, cells, strict=False)
        if name
    }


def _json_lines(_path: Path, lines: Lines) -> Iterator[Row]:
    for number, (line, text) in enumerate(_filled(lines), start=1):
        yield _json_row(number, line, text.encode())


def _filled(lines: Lines) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, bare, with their numbers in the file from 1."""
    for line, text in enumerate(lines, start=1):
        if bare := text.strip():
            yield line, bare


def _json_row(number: int, line: int, text: bytes) -> Row:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return Row(number=number, line=line, fields=value)
    return Row(number=number, line=line, fields=None, raw=text, fault=_NO_OBJECT)


def _json_array(path: Path, lines: Lines) -> Iterator[Row]:
    for number, (line, item) in enumerate(array_items(path, lines), start=1):
        if isinstance(item, dict):
            yield Row(number=number, line=line, fields=item)
        else:
            raw = json.dumps(item, ensure_ascii=False).encode()
            yield Row(number=number, line=line, fields=None, raw=raw, fault=_NO_OBJECT)


def _plain_text(_path: Path, lines: Lines) -> Iterator[Row]:
    filled = ((at, text) for at, text in enumerate(lines, start=1) if text.strip())
    for number, (line, text) in enumerate(filled, start=1):
        yield Row(number=number, line=line, fields={"text": text.rstrip("\r\n")})


def _fasttext(_path: Path, lines: Lines) -> Iterator[Row]:
    """Yield `__label__X "text"` as label and text."""
    for number, (line, content) in enumerate(_filled(lines), start=1):
        label, _, text = content.partition(" ")
        text = text.strip()
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1].replace('""', '"')
        fields = {"label": label.removeprefix(_FASTTEXT_LABEL), "text": text}
        yield Row(number=number, line=line, fields=fields)
