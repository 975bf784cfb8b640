"""Bytes to models and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from schemas.base import Message
from schemas.errors import DecodeError
from schemas.events import ModerationDecision, OrderEvent, OrderItem, QueryEvent, ReviewEvent
from schemas.mapping import FieldMap
from schemas.models import ModelChoice, ModelCommand
from schemas.reference import CatalogueItem, KnowledgeEntry
from schemas.results import Envelope

M = TypeVar("M", bound=Message)

_SHOWN_PROBLEMS = 3

_FIELD_NAMES = frozenset(
    name
    for model in (
        ReviewEvent,
        QueryEvent,
        OrderEvent,
        OrderItem,
        ModerationDecision,
        CatalogueItem,
        KnowledgeEntry,
        ModelCommand,
        ModelChoice,
    )
    for name in model.model_fields
)

_OUR_TYPES = frozenset({"identifier", "text", "event_time"})
"""Errors whose message is a sentence of ours; see `schemas.base`."""

_SENTENCES = {
    "missing": "is missing",
    "literal_error": "is not a version that this release reads (1)",
    "string_type": "must be text",
    "string_too_long": "is too long",
    "string_too_short": "must not be empty",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "enum": "is not one of the known values",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
}


class Decoder(Generic[M]):
    """Reads records of one topic; a shop's own field names go through its `FieldMap`."""

    def __init__(self, message: type[M], fields: FieldMap | None = None) -> None:
        self._message = message
        self._fields = fields if fields else None
        adapter: TypeAdapter[M] = TypeAdapter(message)
        self._validate: Callable[[bytes], M] = adapter.validator.validate_json
        self._validate_object: Callable[[object], M] = adapter.validate_python

    def decode(self, value: bytes | None) -> M:
        """Return the event in `value`.

        Raises `DecodeError` with a sentence that names the field and repeats nothing of it.
        """
        if value is None:
            raise DecodeError("null_value", "the record has no value")
        try:
            if self._fields is None:
                return self._validate(value)
            return self._validate_object(self._fields.apply(_as_object(value)))
        except ValidationError as error:
            raise _explain(value, error) from error

    def decode_many(self, values: Sequence[bytes | None]) -> list[M | DecodeError]:
        """Return for each value its event or what is wrong with it.

        One call of the validator a record, 4 us a review: a chunk joined into one JSON list takes
        as long, and such a join reads `1,2` as two records and `{"a":1` with `"b":2}` as one.
        """
        if self._fields is not None:
            return [self._one(value) for value in values]
        validate = self._validate
        events: list[M | DecodeError] = []
        for value in values:
            try:
                events.append(validate(value))  # type: ignore[arg-type]  # None is seen below
            except (ValidationError, TypeError):
                events.append(self._one(value))
        return events

    def _one(self, value: bytes | None) -> M | DecodeError:
        try:
            return self.decode(value)
        except DecodeError as error:
            return error


def encode(message: Message) -> bytes:
    """Return the message as JSON in UTF-8."""
    return to_json(message)


def encode_result(result: Envelope) -> bytes:
    """Return the result as JSON in UTF-8."""
    return orjson.dumps(result, option=orjson.OPT_UTC_Z)


def _as_object(value: bytes) -> dict[str, Any]:
    try:
        record = from_json(value)  # the parser of the straight way: others take other numbers
    except ValueError as error:
        raise _not_json(value, str(error)) from error
    if not isinstance(record, dict):
        raise DecodeError("not_an_object", "the record is JSON but not an object")
    return record


def _not_json(value: bytes, problem: str) -> DecodeError:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError as error:
        return DecodeError("not_utf8", f"the record is not UTF-8 (at byte {error.start})")
    return DecodeError("not_json", f"the record is not JSON: {problem}")


def _explain(value: bytes, error: ValidationError) -> DecodeError:
    problems = error.errors(include_url=False, include_context=True, include_input=False)
    kind = problems[0]["type"]
    if kind == "json_invalid":
        return _not_json(value, str(problems[0]["ctx"]["error"]))
    if kind in {"model_type", "dataclass_type"} and not problems[0]["loc"]:
        return DecodeError("not_an_object", "the record is JSON but not an object")
    sentences = [_sentence(problem) for problem in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > _SHOWN_PROBLEMS:
        sentences.append(f"and {len(problems) - _SHOWN_PROBLEMS} more")
    return DecodeError(_code(problems[0]), "; ".join(sentences))


def _code(problem: ErrorDetails) -> str:
    if problem["loc"] and problem["loc"][0] == "schema_version":
        return "unknown_schema_version"
    return "missing_field" if problem["type"] == "missing" else "invalid_field"


def _known(step: str | int) -> str:
    """Return a step of a path; a key that the sender made up is not repeated."""
    return str(step) if isinstance(step, int) or step in _FIELD_NAMES else "(key)"


def _sentence(problem: ErrorDetails) -> str:
    path = ".".join(_known(step) for step in problem["loc"])
    if problem["type"] in _SENTENCES:
        return f"{path} {_SENTENCES[problem['type']]}"
    if problem["type"] in _OUR_TYPES:
        return f"{path} {problem['msg']}"
    if problem["type"] == "value_error":
        return f"{path} {problem['ctx']['error']}"
    return f"{path}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"
