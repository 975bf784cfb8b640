"""What a change of the models would break for those who use the last release's contract.

    results and reports (we write, they read)             what we write now must fit the schema then
    sources, reference, control (they write, we read)     all that fitted then must fit now

Both are one question, whether every document of one schema fits another, asked in opposite
directions. A new value of an enum in a result counts as a break, because readers made from the
schema refuse it; a new optional field does not, because every reader ignores what it does not
know. What an input no longer reads is no break either: it is ignored like any unknown field.
Patterns and formats are compared by their text: a different one counts as stricter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from schemas.errors import ContractError
from schemas.topics import Role

Schema = Mapping[str, Any]

_AT_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_AT_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_BY_TEXT: Final = ("pattern", "format")


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what would break in two contracts as `contract()` makes them, topic by topic."""
    found: list[str] = []
    for topic, then in old["topics"].items():
        now = new["topics"].get(topic)
        if now is None:
            found.append(f"{topic}: the topic is gone")
            continue
        found += [
            f"{topic}: {what} was {then[what]}, is {now[what]}"
            for what in ("role", "key")
            if then[what] != now[what]
        ]
        role = Role(then["role"])
        found += [f"{topic}: {b}" for b in compatibility(then["schema"], now["schema"], role)]
    return found


def require_compatible(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise `ContractError` with each break, if there are any."""
    found = breaks(old, new)
    if found:
        raise ContractError(found)


def compatibility(old: Schema, new: Schema, role: Role) -> list[str]:
    """Return what would break between two schemas of one message, a sentence each."""
    if role.is_ours:
        return list(_Walk(new, old, old_is_wide=True).compare(new, old))
    return list(_Walk(old, new, old_is_wide=False).compare(old, new))


@dataclass(frozen=True)
class _Walk:
    """Looks for documents of the narrow schema that do not fit the wide one."""

    narrow_root: Schema
    wide_root: Schema
    old_is_wide: bool
    path: str = "$"

    def compare(self, narrow: Schema, wide: Schema) -> Iterator[str]:
        """Yield where `narrow` allows what `wide` does not."""
        narrow_options = _options(_resolved(narrow, self.narrow_root), self.narrow_root)
        wide_options = _options(_resolved(wide, self.wide_root), self.wide_root)
        for option in narrow_options:
            problems = [list(self._option(option, against)) for against in wide_options]
            if all(problems):
                yield from min(problems, key=len)

    def _option(self, narrow: Schema, wide: Schema) -> Iterator[str]:
        unfit = _types(narrow) - _types(wide)
        if unfit and not (unfit == {"integer"} and "number" in _types(wide)):
            yield self._changed("the type", narrow.get("type"), wide.get("type"))
            return
        yield from self._values(narrow, wide)
        yield from self._limits(narrow, wide)
        yield from self._members(narrow, wide)
        yield from self._inside(narrow, wide)

    def _values(self, narrow: Schema, wide: Schema) -> Iterator[str]:
        allowed, possible = _listed(wide), _listed(narrow)
        if allowed is not None and (possible is None or not possible <= allowed):
            yield self._changed("the values", _sorted(possible), _sorted(allowed))

    def _limits(self, narrow: Schema, wide: Schema) -> Iterator[str]:
        for name in (*_AT_LEAST, *_AT_MOST, *_BY_TEXT):
            if name in wide and not _as_strict(name, narrow.get(name), wide[name]):
                yield self._changed(name, narrow.get(name), wide[name])

    def _members(self, narrow: Schema, wide: Schema) -> Iterator[str]:
        have, want = narrow.get("properties", {}), wide.get("properties", {})
        always = set(narrow.get("required", ()))
        for name in wide.get("required", ()):
            if name not in always:
                yield self._at(name)._not_always(known=name in have)
        for name, schema in want.items():
            if name in have:
                yield from self._at(name).compare(have[name], schema)
            elif self.old_is_wide and name not in wide.get("required", ()):
                yield f"{self._at(name).path}: the field is gone"

    def _inside(self, narrow: Schema, wide: Schema) -> Iterator[str]:
        for name, step in (("items", "[]"), ("additionalProperties", "*"), ("propertyNames", "~")):
            if isinstance(wide.get(name), Mapping):
                inner = narrow.get(name, {})
                yield from self._at(step).compare(inner if inner is not True else {}, wide[name])

        if wide.get("additionalProperties") is False is not narrow.get("additionalProperties"):
            yield f"{self.path}: unknown fields are no longer allowed"

    def _at(self, step: str) -> _Walk:
        return replace(self, path=f"{self.path}.{step}")

    def _not_always(self, *, known: bool) -> str:
        if not self.old_is_wide:
            return f"{self.path}: the field is now required"
        return f"{self.path}: the field is {'no longer required' if known else 'gone'}"

    def _changed(self, what: str, narrow: object, wide: object) -> str:
        old, new = (wide, narrow) if self.old_is_wide else (narrow, wide)
        return f"{self.path}: {what} changed from {_shown(old)} to {_shown(new)}"


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def _options(schema: Schema, root: Schema) -> list[Schema]:
    """Return the alternatives of a schema, itself where it has none."""
    options = schema.get("anyOf") or schema.get("oneOf")
    if not options:
        return [schema]
    return [inner for o in options for inner in _options(_resolved(o, root), root)]


_ANY: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})


def _types(schema: Schema) -> frozenset[str]:
    given = schema.get("type")
    if given is None:
        return _ANY
    return frozenset({given} if isinstance(given, str) else given)


def _listed(schema: Schema) -> set[object] | None:
    """Return the only values that are allowed, None where any is."""
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None


def _sorted(values: set[object] | None) -> list[object] | None:
    return None if values is None else sorted(values, key=str)


def _as_strict(name: str, narrow: Any, wide: Any) -> bool:
    if narrow is None:
        return False
    if name in _AT_LEAST:
        return bool(narrow >= wide)
    return bool(narrow <= wide) if name in _AT_MOST else bool(narrow == wide)


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
