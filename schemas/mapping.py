"""A shop's own field names, mapped by path onto ours: `text = "body.content"`."""

from __future__ import annotations

from collections.abc import Mapping
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
        self._paths: dict[str, Path] = {}
        for name, path in paths.items():
            if name not in message.model_fields:
                known = ", ".join(message.model_fields)
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


def _follow(value: Any, path: Path) -> tuple[bool, Any]:
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False, None
    return True, value
