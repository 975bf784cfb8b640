"""What every message shares: strictness, identifiers, times and the schema version."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.types import StringConstraints

SCHEMA_VERSION: Final = 1
"""The one version that this release reads and writes."""

MAX_ID_CHARS = 256
MAX_TEXT_CHARS = 1_000_000
"""Kafka's own default limit of a record is 1 MiB: whatever passed it is read."""

EARLIEST_EVENT = datetime(1995, 1, 1, tzinfo=UTC)
"""No shop sold anything on the web before; an earlier time is a broken clock or a broken unit."""
LATEST_EVENT = datetime(2100, 1, 1, tzinfo=UTC)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTENT = re.compile(r"[^\s\x00]")


def _identifier(value: object, check: ValidatorFunctionWrapHandler) -> str:
    # Stripped before the length is looked at: blanks alone are no identifier.
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    elif isinstance(value, str):
        value = value.strip()
    # One call for a usual one; how many there are a second is counted in these.
    if type(value) is not str or not 0 < len(value) <= MAX_ID_CHARS:
        value = str(check(value))
    if _CONTROL.search(value):
        raise ValueError("must not hold control characters")
    return value


def _with_content(value: str) -> str:
    if _CONTENT.search(value) is None:
        raise ValueError("must hold more than blanks")
    return value


def _moment(value: object, check: ValidatorFunctionWrapHandler) -> datetime:
    moment = _parsed(value)
    if moment is None:
        moment = check(value)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not EARLIEST_EVENT <= moment <= LATEST_EVENT:
        raise ValueError(f"must lie between {EARLIEST_EVENT:%Y} and {LATEST_EVENT:%Y}")
    return moment


def _parsed(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_ID_CHARS),
    WrapValidator(_identifier),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARS},
                {"type": "integer"},
            ]
        },
        mode="validation",
    ),
]
"""1-256 characters or a whole number; outer blanks dropped, control characters refused."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS), AfterValidator(_with_content)]
"""What a person wrote: up to 1,000,000 characters, more than blanks. NUL is kept and ignored."""

EventTime = Annotated[
    AwareDatetime,
    WrapValidator(_moment),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]},
        mode="validation",
    ),
]
"""ISO 8601 or Unix time (seconds or milliseconds), 1995-2100; without a zone it is UTC."""


class Language(StrEnum):
    """Languages that tasks answer in."""

    ENGLISH = "en"
    CHINESE = "zh"


class Part(BaseModel):
    """Base of what messages are made of: immutable, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Part):
    """Base of what is a record's value."""

    schema_version: Literal[1] = Field(
        default=SCHEMA_VERSION, description="Version of this message's schema; 1 when missing."
    )
