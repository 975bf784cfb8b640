"""The objects of a JSON array, one by one, without the whole file in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inference.files.errors import FileError

_BLANKS = " \t\r\n"
_DELIMITERS = frozenset(",:]}" + _BLANKS)
_DECODER = json.JSONDecoder()
_GROW_CHARS = 1 << 16


class _Buffer:
    """What of the text was read and not yet used; grows when a value is cut by its end."""

    def __init__(self, path: Path, lines: Iterator[str]) -> None:
        self._path = path
        self._lines = lines
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0  # characters of the text whose line ends are in `_line`
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is no blank; empty at the end."""
        while True:
            while self._at < len(self._text):
                char = self._text[self._at]
                if char not in _BLANKS:
                    return char
                self._at += 1
            if not self._grow():
                return ""

    def skip(self, expected: str) -> None:
        """Step over the next character, which must be one of `expected`."""
        found = self.peek()
        if not found or found not in expected:
            raise self._malformed()
        self._at += 1

    def value(self) -> Any:
        """Return the next value, however long it is."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._grow():
                    raise self._malformed() from error
                continue
            # A number that is not followed by a delimiter may go on in the next piece.
            if self._text[end : end + 1] in _DELIMITERS or not self._grow():
                self._at = end
                return value

    def line(self) -> int:
        """Return the line of the next character that is no blank, from 1."""
        self.peek()
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _grow(self) -> bool:
        if self._ended:
            return False
        self._line += self._text.count("\n", self._counted, self._at)
        pieces = [self._text[self._at :]]
        # Twice as much each time: a long value is decoded again few times.
        wanted = max(_GROW_CHARS, 2 * len(pieces[0]))
        for line in self._lines:
            pieces.append(line)
            wanted -= len(line)
            if wanted <= 0:
                break
        else:
            self._ended = True
        self._text = "".join(pieces)
        self._at = self._counted = 0
        return len(pieces) > 1

    def _malformed(self) -> FileError:
        return FileError(
            f"{self._path}: the JSON is malformed in what begins at line {self.line()}"
        )


def array_items(path: Path, lines: Iterator[str]) -> Iterator[tuple[int, Any]]:
    """Yield the elements of an array, or of the first list of objects in an object.

    Each comes with the line that it begins in, from 1.

    Raises `FileError` where the text is malformed or holds no such list.
    """
    buffer = _Buffer(path, lines)
    if buffer.peek() == "[":
        yield from _elements(buffer)
        return
    buffer.skip("{")
    while buffer.peek() not in {"}", ""}:
        buffer.value()
        buffer.skip(":")
        if buffer.peek() == "[":
            yield from (found := _Objects(buffer))
            if found.any:
                return
        else:
            buffer.value()
        if buffer.peek() == ",":
            buffer.skip(",")
    raise FileError(f"{path}: the JSON object holds no list of objects")


class _Objects:
    """The elements of a list, unless it is empty or of something else than objects."""

    def __init__(self, buffer: _Buffer) -> None:
        self._buffer = buffer
        self.any = False

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        for line, element in _elements(self._buffer):
            self.any = self.any or isinstance(element, dict)
            if self.any:
                yield line, element


def _elements(buffer: _Buffer) -> Iterator[tuple[int, Any]]:
    buffer.skip("[")
    if buffer.peek() == "]":
        buffer.skip("]")
        return
    while True:
        yield buffer.line(), buffer.value()
        if buffer.peek() == "]":
            buffer.skip("]")
            return
        buffer.skip(",")
