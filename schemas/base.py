"""What every message shares: strictness, identifiers, times and the schema version."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
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

_FIRST_PRINTABLE = " "
_DELETE = "\x7f"


def _without_control_characters(value: str) -> str:
    if any(char < _FIRST_PRINTABLE or char == _DELETE for char in value):
        raise ValueError("must not hold control characters")
    return value


def _with_content(value: str) -> str:
    if not value.replace("\x00", "").strip():
        raise ValueError("must hold more than blanks")
    return value


def _utc_when_naive(value: object) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _within_reason(value: datetime) -> datetime:
    if not EARLIEST_EVENT <= value <= LATEST_EVENT:
        raise ValueError(f"must lie between {EARLIEST_EVENT:%Y} and {LATEST_EVENT:%Y}")
    return value


def _bare_text(value: object) -> object:
    # Stripped before the length is looked at: blanks alone are no identifier.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else value


Id = Annotated[
    str,
    BeforeValidator(_bare_text),
    StringConstraints(min_length=1, max_length=MAX_ID_CHARS),
    AfterValidator(_without_control_characters),
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
    BeforeValidator(_utc_when_naive),
    AfterValidator(_within_reason),
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
