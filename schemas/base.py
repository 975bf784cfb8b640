"""What every message shares: strictness, identifiers, times and the schema version."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic_core import SchemaValidator, core_schema

SCHEMA_VERSION: Final = 1
"""The one version that this release reads and writes."""

MAX_ID_CHARS = 256
MAX_TEXT_CHARS = 1_000_000
"""Kafka's own default limit of a record is 1 MiB: whatever passed it is read."""

EARLIEST_EVENT = datetime(1995, 1, 1, tzinfo=UTC)
"""No shop sold anything on the web before; an earlier time is a broken clock or a broken unit."""
LATEST_EVENT = datetime(2100, 1, 1, tzinfo=UTC)


def _number_as_id(value: int) -> str:
    return str(_SHORT_ENOUGH.validate_python(str(value)))


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


_SHORT_ENOUGH = SchemaValidator(core_schema.str_schema(max_length=MAX_ID_CHARS))

# The usual forms are checked without a call into Python: how many there are a second is counted
# in these. What they refuse is looked at again.
_ID: core_schema.CoreSchema = core_schema.union_schema(
    [
        core_schema.str_schema(
            strip_whitespace=True,  # before the length is looked at: blanks alone are none
            min_length=1,
            max_length=MAX_ID_CHARS,
            pattern=r"^[^\x00-\x1f\x7f]*$",
        ),
        core_schema.no_info_after_validator_function(
            _number_as_id, core_schema.int_schema(strict=True)
        ),
    ],
    mode="left_to_right",
    custom_error_type="identifier",
    custom_error_message=(
        f"must be text of 1 to {MAX_ID_CHARS} characters without control characters, or a whole "
        "number"
    ),
)
_TEXT: core_schema.CoreSchema = core_schema.custom_error_schema(
    core_schema.str_schema(max_length=MAX_TEXT_CHARS, pattern=r"[^\s\x00]"),
    custom_error_type="text",
    custom_error_message=f"must be text of up to {MAX_TEXT_CHARS:,} characters, more than blanks",
)
_AWARE_DATETIME = core_schema.datetime_schema(tz_constraint="aware")
_EVENT_TIME: core_schema.CoreSchema = core_schema.union_schema(
    [
        core_schema.datetime_schema(tz_constraint="aware", ge=EARLIEST_EVENT, le=LATEST_EVENT),
        core_schema.no_info_wrap_validator_function(_moment, _AWARE_DATETIME),
    ],
    mode="left_to_right",
    custom_error_type="event_time",
    custom_error_message=(
        f"must be a time in ISO 8601 or Unix time, between {EARLIEST_EVENT:%Y} and"
        f" {LATEST_EVENT:%Y}"
    ),
)

Id = Annotated[
    str,
    GetPydanticSchema(lambda _source, _handler: _ID),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARS},
                {"type": "integer"},
            ]
        },
        mode="validation",
    ),
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARS}, mode="serialization"
    ),
]
"""1-256 characters or a whole number; outer blanks dropped, control characters refused."""

Text = Annotated[
    str,
    GetPydanticSchema(lambda _source, _handler: _TEXT),
    WithJsonSchema({"type": "string", "maxLength": MAX_TEXT_CHARS}),
]
"""What a person wrote: up to 1,000,000 characters, more than blanks. NUL is kept and ignored."""

EventTime = Annotated[
    datetime,
    GetPydanticSchema(lambda _source, _handler: _EVENT_TIME),
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


SchemaVersion = Annotated[
    Literal[1], Field(description="Version of this message's schema; 1 when missing.")
]


class Message(Part):
    """Base of what is a record's value."""

    schema_version: SchemaVersion = SCHEMA_VERSION
