"""A shop's own field names, mapped by path onto ours: `text = "body.content"`."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from schemas.base import Message
from schemas.errors import MappingError

Path = tuple[str, ...]


class FieldMap:
    """Rewrites a shop's JSON object into an event's fields.

    A path is names joined by dots; a number steps into an array. A field that the map does not
    name is taken under its own name. A path that leads nowhere leaves its field out, so that the
    model says which field is missing.
    """

    def __init__(self, message: type[Message], paths: Mapping[str, str]) -> None:
        """Raise `MappingError` if a field is unknown to `message` or a path is empty."""
        self._names = tuple(message.model_fields)
        self._paths: dict[str, Path] = {}
        for name, path in paths.items():
            if name not in self._names:
                known = ", ".join(self._names)
                raise MappingError(f"{message.__name__} has no field {name!r}; it has {known}")
            steps = tuple(path.split("."))
            if not all(steps):
                raise MappingError(f"the path {path!r} for {name!r} has an empty step")
            self._paths[name] = steps

    def __bool__(self) -> bool:
        return bool(self._paths)

    def apply(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return `record` with each mapped field set from its path."""
        fields = {name: value for name, value in record.items() if name not in self._paths}
        for name, path in self._paths.items():
            found, value = _follow(record, path)
            if found:
                fields[name] = value
        return fields

    def unapply(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record that `apply` turns into `fields`.

        Raises `MappingError` where there is none, such as for two fields with one path.
        """
        values = deepcopy(dict(fields))  # a path may lead into another field's object
        record = {name: value for name, value in values.items() if name not in self._paths}
        for name, path in self._paths.items():
            if name in values:
                _lay(record, path, values[name])
        read = self.apply(record)
        for name in self._names:
            if (name in read, read.get(name)) != (name in fields, fields.get(name)):
                raise MappingError(f"{name!r} cannot be told from another field by its path")
        return record


def _follow(value: Any, path: Path) -> tuple[bool, Any]:
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False, None
    return True, value


def _lay(record: dict[str, Any], path: Path, value: Any) -> None:
    """Write what `_follow` reads, unless something else stands in its way."""
    for step in path[:-1]:
        inside = record.setdefault(step, {})
        if not isinstance(inside, dict):
            return
        record = inside
    record[path[-1]] = value
