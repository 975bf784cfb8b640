"""Others' texts on a terminal: nothing in them can steer it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson


def harmless(text: str, kept: frozenset[str] = frozenset()) -> str:
    """Return the text in one line, with escapes for controls, reversed writing and NUL.

    Spaces of other kinds, line breaks among them, become plain ones. `kept` stays as it is.
    """
    if text.isprintable():
        return text
    return "".join(char if char in kept else _shown(char) for char in text)


def harmless_values(value: Any) -> Any:
    """Return what JSON held, with each of its texts and names harmless."""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, Mapping):
        return {harmless(name): harmless_values(content) for name, content in value.items()}
    if isinstance(value, list):
        return [harmless_values(one) for one in value]
    return value


def json_line(value: Mapping[str, Any]) -> str:
    """Return one line of JSON that means the same and has escapes for what is not printed."""
    line = orjson.dumps(value).decode()
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else ascii(char)[1:-1]
