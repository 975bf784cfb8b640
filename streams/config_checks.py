"""What a setting's value must be beyond its type."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from schemas.errors import MappingError
from schemas.hints import nearest
from schemas.mapping import FieldMap
from schemas.masking import Kind
from schemas.topics import DEFAULT_TOPICS, Role, Topics

_TOPIC_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
_LETTERS = "dead-letters"
_ADDRESSES = re.compile(r"[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*")


def _no_truth(value: object) -> object:
    # Python's True is 1: `partitions = true` would pass as one partition.
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


def _addresses(value: str) -> str:
    if not _ADDRESSES.fullmatch(value):
        raise ValueError("must be host:port, several with commas between")
    return value


def _topic_names(names: dict[str, str]) -> dict[str, str]:
    known = [spec.id for spec in DEFAULT_TOPICS]
    for topic_id, name in names.items():
        if topic_id not in known:
            raise ValueError(f"there is no topic {topic_id!r}: {nearest(topic_id, known)}")
        if not _TOPIC_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a topic: letters, digits, . _ - only")
    used = [spec.name for spec in Topics.named(names).specs]
    for name in used:
        if used.count(name) > 1:
            raise ValueError(f"two topics are called {name!r}")
    return names


def _field_paths(maps: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    sources = {spec.id: spec.event for spec in DEFAULT_TOPICS if spec.role is Role.SOURCE}
    for source, paths in maps.items():
        if source not in sources:
            raise ValueError(f"there is no source {source!r}: {nearest(source, list(sources))}")
        try:
            FieldMap(sources[source], paths)
        except MappingError as error:
            raise ValueError(str(error)) from error
    return maps


def _kinds_apart(policy: object) -> object:
    """Take the kinds of a topic as a list, or as one text with commas as a variable has them."""
    if not isinstance(policy, dict):
        return policy
    return {topic_id: _kinds(topic_id, kinds) for topic_id, kinds in policy.items()}


def _kinds(topic_id: str, kinds: object) -> tuple[Kind, ...]:
    known = [spec.id for spec in DEFAULT_TOPICS if spec.role in (Role.RESULT, Role.BESIDE)]
    if topic_id not in known:
        raise ValueError(f"there is no result topic {topic_id!r}: {nearest(topic_id, known)}")
    if topic_id == _LETTERS:
        raise ValueError(
            f"{_LETTERS} carries records as they came, to be sent again; its reasons are always "
            "masked"
        )
    names = kinds.split(",") if isinstance(kinds, str) else kinds
    if not isinstance(names, list | tuple):
        raise ValueError(f"{topic_id} must have a list of kinds")
    if list(names) == ["all"]:
        return tuple(Kind)
    return tuple(_kind(str(name).strip()) for name in names)


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        hint = nearest(name, [kind.value for kind in Kind])
        raise ValueError(f"there is no kind {name!r}: {hint}") from None


Whole = Annotated[int, BeforeValidator(_no_truth)]
Number = Annotated[float, BeforeValidator(_no_truth)]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(_no_truth)]
Name = Annotated[str, Field(min_length=1)]
Addresses = Annotated[str, AfterValidator(_addresses)]
MaskedKinds = Annotated[dict[str, tuple[Kind, ...]], BeforeValidator(_kinds_apart)]
TopicNames = Annotated[dict[str, str], AfterValidator(_topic_names)]
FieldPaths = Annotated[dict[str, dict[str, str]], AfterValidator(_field_paths)]
