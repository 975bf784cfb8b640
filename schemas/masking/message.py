"""A result without personal data in what people read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from schemas.masking.kinds import Kind
from schemas.masking.text import mask

M = TypeVar("M")

TEXT_FIELDS = frozenset({"text", "title"})
"""What is written for people; everything else is an id, a number or a name of ours, which readers
join by, and stays as it is."""


def masked(message: M, kinds: Collection[Kind]) -> M:
    """Return the dataclass with its texts masked, also within what it holds."""
    if not is_dataclass(message) or isinstance(message, type):
        return message
    values = {field.name: getattr(message, field.name) for field in fields(message)}
    changed = {name: _masked(name, value, kinds) for name, value in values.items()}
    if all(changed[name] is value for name, value in values.items()):
        return message
    return replace(message, **changed)


def _masked(name: str, value: Any, kinds: Collection[Kind]) -> Any:
    if isinstance(value, str):
        return mask(value, kinds) if name in TEXT_FIELDS else value
    if isinstance(value, tuple):
        parts = tuple(masked(part, kinds) for part in value)
        return value if all(new is old for new, old in zip(parts, value, strict=True)) else parts
    return masked(value, kinds)
