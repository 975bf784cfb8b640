"""Where settings come from: a TOML file, the environment and flags, with each value's origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from inference.files.errors import FileError
from inference.files.toml import read_toml
from streams.errors import StreamsError

ENVIRONMENT_PREFIX = "SHOPSTREAMS_"
NESTING = "__"
CONFIG_FILE = "shopstreams.toml"

MASK = "****"
_SECRET_NAME = re.compile(r"(?:password|secret|token|credentials?)$")

_SENTENCES = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "path_type": "must be a path",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}

Key = tuple[str, ...]
"""A setting's place: section, name and, inside a table of names, the names' own."""


class ConfigError(StreamsError):
    """The configuration cannot be used; the message says which value, where, and what is right."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One setting as a layer gives it."""

    value: Any  # not checked yet; text where it comes from the environment
    origin: str  # the file's name, the variable's or the flag's


Layer = Mapping[Key, Value]


def read_file(path: Path) -> Layer:
    """Return the settings of a TOML file; raises `ConfigError` with the line if it is none."""
    try:
        document = read_toml(path)
    except FileError as error:
        raise ConfigError(str(error)) from error
    return {key: Value(value=value, origin=str(path)) for key, value in _leaves(document)}


def find_file(given: Path | None, directory: Path) -> Path | None:
    """Return the file to read: the given one, else `shopstreams.toml` where there is one."""
    if given is not None:
        return given
    usual = directory / CONFIG_FILE
    return usual if usual.is_file() else None


def read_environment(environ: Mapping[str, str], known: set[Key]) -> Layer:
    """Return the settings among the variables; `known` are all fixed settings' places.

    Raises `ConfigError` for a variable that names a setting with one underscore too few, since
    it would be ignored without a word.
    """
    layer: dict[Key, Value] = {}
    for name, value in environ.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        tail = name.removeprefix(ENVIRONMENT_PREFIX).lower()
        if NESTING in tail:
            layer[_key_of_variable(tail)] = Value(value=value, origin=name)
        else:
            _refuse_single_underscore(name, tail, known)
    return layer


def variable(key: Key) -> str:
    """Return the environment variable that sets `key`."""
    return ENVIRONMENT_PREFIX + NESTING.join(key).upper().replace("-", "_")


def flags_layer(flags: Mapping[str, Any]) -> Layer:
    """Return the settings of flags, given as `section.name`; None means not given."""
    layer: dict[Key, Value] = {}
    for name, value in flags.items():
        if value is not None:
            key = tuple(name.split("."))
            layer[key] = Value(value=value, origin="--" + key[-1].replace("_", "-"))
    return layer


def is_secret(key: Key) -> bool:
    """Whether the setting's value may not be shown."""
    return _SECRET_NAME.search(key[-1].lower()) is not None


def merge(layers: list[Layer]) -> dict[Key, Value]:
    """Return all settings, a later layer's before an earlier one's."""
    merged: dict[Key, Value] = {}
    for layer in layers:
        merged.update(layer)
    return merged


def nested(values: Mapping[Key, Value]) -> dict[str, Any]:
    """Return the values as the tables that they are places in."""
    tree: dict[str, Any] = {}
    for key, given in values.items():
        branch = tree
        for step in key[:-1]:
            branch = branch.setdefault(step, {})
            if not isinstance(branch, dict):
                raise ConfigError(f"{'.'.join(key)} in {given.origin}: {step} is no table")
        branch[key[-1]] = given.value
    return tree


def explain(problem: ErrorDetails, values: Mapping[Key, Value]) -> str:
    """Return the sentence that says which value is wrong, where it stands and what is right."""
    key = tuple(str(step) for step in problem["loc"])
    given = values.get(key)
    if given is None:  # the problem is of a whole table: name the layer of its first value
        given = next((v for k, v in values.items() if k[: len(key)] == key), None)
        shown = ""
    else:
        shown = f" = {MASK if is_secret(key) else repr(given.value)}"
    origin = f" in {given.origin}" if given else ""
    return f"{'.'.join(key)}{shown}{origin}: {_requirement(problem)}"


def _leaves(table: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, name))
        elif not isinstance(value, dict):
            yield (*above, name), value
        elif not above:
            yield (name,), value  # an empty section: its name is still checked


def _key_of_variable(tail: str) -> Key:
    steps = tail.split(NESTING)
    if steps[0] in {"topics", "masking"}:
        # Topics' ids are spelled with hyphens, which a shell takes in no variable's name.
        steps = [step.replace("_", "-") for step in steps]
    return tuple(steps)


def _refuse_single_underscore(name: str, tail: str, known: set[Key]) -> None:
    for key in known:
        if "_".join(key).replace("-", "_") == tail:
            raise ConfigError(f"unknown variable {name}: did you mean {variable(key)}?")


def _requirement(problem: ErrorDetails) -> str:
    context = problem.get("ctx", {})
    match problem["type"]:
        case "value_error":
            return str(context["error"])
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "enum":
            return f"must be {context['expected']}"
        case kind:
            return _SENTENCES.get(kind, problem["msg"][:1].lower() + problem["msg"][1:])
