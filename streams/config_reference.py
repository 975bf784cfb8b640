"""The configuration reference, made of the settings as they are declared.

python -m streams.config_reference > docs/configuration.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.config import Settings
from streams.config_sources import CONFIG_FILE, ENVIRONMENT_PREFIX, NESTING, is_secret

Schema = Mapping[str, Any]
"""JSON Schema, as pydantic tells it."""

_INTRODUCTION: Final = f"""\
# Configuration

Every setting, made from the code by `make reference`; a test fails where this page is older.

A value comes from, the later before the earlier: its default; `{CONFIG_FILE}` in the working
directory, or the file that `--config` names; a variable `{ENVIRONMENT_PREFIX}SECTION{NESTING}NAME`;
an option of the command. `shopstreams config` shows what is in force and where it came from. A name
that is unknown or a value that cannot be ends the command with 2 and one line that names it, the
place that it came from and what would be right. Settings that end in `password`, `secret` or
`token` are never shown; they belong in the file that the setting beside them names, or in a
variable.
"""
_TABLES: Final = {
    "topics": 'reviews = "shop.reviews.v2"',
    "fields": 'reviews = { text = "body.content", user_id = "author.id" }',
    "masking": 'replies = ["phone", "email"]',
}
"""Sections whose names are the shop's own, each with an example."""
_HEAD: Final = "| setting | default | may be | what it is |\n| --- | --- | --- | --- |"


def markdown() -> str:
    """Return the page."""
    schema = Settings.model_json_schema()
    sections = (_section(name, schema) for name in schema["properties"])
    return _INTRODUCTION + "".join(f"\n{section}" for section in sections)


def _section(name: str, schema: Schema) -> str:
    declared = _resolved(schema["properties"][name], schema)
    if name in _TABLES:
        example = f"    [{name}]\n    {_TABLES[name]}"
        return f"## {name}\n\n{declared['description']}\n\n{example}\n"
    rows = (_row(key, one, schema) for key, one in declared["properties"].items())
    summary = declared["description"].partition("\n\n")[0]
    return f"## {name}\n\n{summary}\n\n{_HEAD}\n" + "".join(f"{row}\n" for row in rows)


def _row(name: str, declared: Schema, schema: Schema) -> str:
    declared = _resolved(declared, schema)
    allowed = " or ".join(dict.fromkeys(_allowed(declared, schema)))
    cells = (f"`{name}`", _default(declared["default"]), allowed, declared["description"])
    if is_secret((name,)):
        cells = (*cells[:3], f"{cells[3]} Secret: never shown.")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(value: object) -> str:
    return "not set" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _allowed(declared: Schema, schema: Schema) -> Iterator[str]:
    """Yield what a value may be, in words; that it may be left out shows in its default."""
    for one in (_resolved(part, schema) for part in declared.get("anyOf", [declared])):
        if "enum" in one:
            yield ", ".join(f"`{value}`" for value in one["enum"])
        elif one["type"] == "boolean":
            yield "`true`, `false`"
        elif one["type"] in {"integer", "number"}:
            yield _range("whole number" if one["type"] == "integer" else "number", one)
        elif one["type"] != "null":
            yield "path" if one.get("format") == "path" else "text"


def _range(kind: str, declared: Schema) -> str:
    low = declared.get("minimum", declared.get("exclusiveMinimum"))
    high = declared.get("maximum")
    over = "over" if "exclusiveMinimum" in declared else "from"
    words = [kind, *([f"{over} {low:,}"] if low is not None else [])]
    return " ".join([*words, *([f"to {high:,}"] if high is not None else [])])


def _resolved(declared: Schema, schema: Schema) -> Schema:
    if "$ref" not in declared:
        return declared
    found: Schema = schema["$defs"][declared["$ref"].rpartition("/")[2]]
    return {**found, **{key: value for key, value in declared.items() if key != "$ref"}}


if __name__ == "__main__":
    print(markdown(), end="")
