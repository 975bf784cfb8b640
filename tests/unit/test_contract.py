"""The released contract holds, and each kind of break is found."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas import compatibility as compatibility_module
from schemas.base import Language
from schemas.compatibility import breaks, compatibility, require_compatible
from schemas.contract import asyncapi, contract, json_schema
from schemas.errors import ContractError
from schemas.events import QueryEvent
from schemas.topics import DEFAULT_TOPICS, Role, Topics, TopicSpec

RELEASED = Path(compatibility_module.__file__).parent / "released" / "v1.json"

OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 10},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "kind": {"$ref": "#/$defs/Kind"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}, "maxItems": 5},
        "by_name": {"type": "object", "additionalProperties": {"type": "integer"}},
        "code": {"type": "string", "pattern": "^[A-Z]$"},
        "schema_version": {"type": "integer", "const": 1},
    },
    "required": ["id", "score", "kind"],
    "$defs": {
        "Kind": {"type": "string", "enum": ["a", "b"]},
        "Part": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    },
}
WRITTEN, READ = Role.RESULT, Role.SOURCE


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return OLD with `value` at a dotted path, or without the path where it is `...`."""
    schema = copy.deepcopy(OLD)
    *steps, last = path.split(".")
    place = schema
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return schema


def without(field: str) -> dict[str, Any]:
    schema = changed(f"properties.{field}", ...)
    schema["required"] = [name for name in OLD["required"] if name != field]
    return schema


def with_optional(field: str) -> dict[str, Any]:
    return changed(f"properties.{field}", {"type": "string"})


NULLABLE = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 10}, {"type": "null"}]}
NOT_REQUIRED = changed("required", ["id", "score"])
MORE_REQUIRED = changed("required", ["id", "score", "kind", "code"])


@pytest.mark.parametrize(
    ("what", "new", "role", "where"),
    [
        ("a field removed", without("id"), WRITTEN, "$.id"),
        ("an optional field removed", without("note"), WRITTEN, "$.note"),
        ("made optional", NOT_REQUIRED, WRITTEN, "$.kind"),
        ("made nullable", changed("properties.id", NULLABLE), WRITTEN, "$.id"),
        ("type changed", changed("properties.score.type", "string"), WRITTEN, "$.score"),
        ("type widened", changed("properties.by_name", {}), WRITTEN, "$.by_name"),
        ("type widened below", changed("$defs.Part.properties.x.type", "number"), WRITTEN, "[].x"),
        ("value added", changed("$defs.Kind.enum", ["a", "b", "c"]), WRITTEN, "$.kind"),
        ("values opened", changed("$defs.Kind", {"type": "string"}), WRITTEN, "$.kind"),
        ("limit loosened", changed("properties.score.maximum", 2), WRITTEN, "$.score"),
        ("limit dropped", changed("properties.id.maxLength", ...), WRITTEN, "$.id"),
        ("pattern changed", changed("properties.code.pattern", "^[a-z]$"), WRITTEN, "$.code"),
        ("version changed", changed("properties.schema_version.const", 2), WRITTEN, "version"),
        ("new required field", MORE_REQUIRED, READ, "$.code"),
        ("required below", changed("$defs.Part.required", ["x", "y"]), READ, "[].y"),
        ("type narrowed", changed("properties.note", {"type": "string"}), READ, "$.note"),
        ("number narrowed", changed("properties.score.type", "integer"), READ, "$.score"),
        ("value removed", changed("$defs.Kind.enum", ["a"]), READ, "$.kind"),
        ("limit tightened", changed("properties.id.maxLength", 5), READ, "$.id"),
        ("limit added", changed("properties.parts.minItems", 1), READ, "$.parts"),
        ("pattern added", changed("properties.id.pattern", "^x"), READ, "$.id"),
        ("strict", changed("additionalProperties", False), READ, "unknown fields"),
    ],
)
def test_each_kind_of_break_is_found(
    what: str, new: dict[str, Any], role: Role, where: str
) -> None:
    found = compatibility(OLD, new, role)
    assert len(found) == 1, what
    assert where in found[0]


@pytest.mark.parametrize(
    ("new", "role"),
    [
        (with_optional("extra"), WRITTEN),
        (changed("required", ["id", "score", "kind", "code"]), WRITTEN),
        (changed("properties.note", {"type": "string"}), WRITTEN),
        (changed("properties.score.type", "integer"), WRITTEN),
        (changed("$defs.Kind.enum", ["a"]), WRITTEN),
        (changed("properties.id.maxLength", 5), WRITTEN),
        (with_optional("extra"), READ),
        (without("id"), READ),
        (NOT_REQUIRED, READ),
        (changed("properties.id", NULLABLE), READ),
        (changed("$defs.Kind.enum", ["a", "b", "c"]), READ),
        (changed("properties.score.maximum", 2), READ),
        (changed("properties.by_name.additionalProperties.type", "number"), READ),
    ],
)
def test_what_breaks_nobody_is_let_through(new: dict[str, Any], role: Role) -> None:
    assert compatibility(OLD, new, role) == []


def test_the_sentence_tells_old_from_new() -> None:
    looser = compatibility(OLD, changed("properties.score.maximum", 2), WRITTEN)
    assert looser == ["$.score: maximum changed from 1 to 2"]
    tighter = compatibility(OLD, changed("properties.id.maxLength", 5), READ)
    assert tighter == ["$.id: maxLength changed from 10 to 5"]


def test_todays_messages_keep_the_released_contract() -> None:
    require_compatible(json.loads(RELEASED.read_text(encoding="utf-8")), contract())


def test_a_topic_that_goes_or_changes_its_key_is_a_break() -> None:
    old = contract()
    new = copy.deepcopy(old)
    del new["topics"]["replies"]
    new["topics"]["reviews"]["key"] = "review_id"
    assert breaks(old, new) == [
        "reviews: key was user_id, is review_id",
        "replies: the topic is gone",
    ]
    with pytest.raises(ContractError) as caught:
        require_compatible(old, new)
    assert len(caught.value.breaks) == len(breaks(old, new))


@pytest.mark.parametrize("spec", DEFAULT_TOPICS, ids=lambda spec: spec.id)
def test_each_schema_is_valid_json_schema(spec: TopicSpec) -> None:
    Draft202012Validator.check_schema(json_schema(spec))


def test_a_schema_reads_what_the_model_reads() -> None:
    validator = Draft202012Validator(json_schema(Topics()["queries"]))
    event = {"query_id": "q", "session_id": "s", "text": "Hi", "created_at": "2025-03-05T09:00:00Z"}
    assert validator.is_valid(event)
    assert QueryEvent.model_validate(event).text == "Hi"
    assert not validator.is_valid({**event, "channel": "pigeon"})
    assert not validator.is_valid({**event, "text": None})


def pointers(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [p for value in node.values() for p in pointers(value)]
    return [p for value in node for p in pointers(value)] if isinstance(node, list) else []


def resolve(document: Any, pointer: str) -> Any:
    for step in pointer.removeprefix("#/").split("/"):
        document = document[step]
    return document


def test_asyncapi_is_plain_and_each_reference_leads_somewhere() -> None:
    document = asyncapi()
    assert json.loads(json.dumps(document)) == document
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    for pointer in pointers(document):
        assert isinstance(resolve(document, pointer), dict), pointer


def test_asyncapi_has_each_topic_under_its_name_key_and_direction() -> None:
    topics = Topics.named({"reviews": "shop.reviews.v1"})
    document = asyncapi(topics)
    assert document["channels"]["reviews"]["address"] == "shop.reviews.v1"
    assert set(document["channels"]) == {spec.id for spec in topics.specs}
    by_channel = {o["channel"]["$ref"]: o for o in document["operations"].values()}
    for spec in topics.specs:
        operation = by_channel[f"#/channels/{spec.id}"]
        assert operation["action"] == ("send" if spec.role.is_ours else "receive")
        message = resolve(document, resolve(document, operation["messages"][0]["$ref"])["$ref"])
        assert message["name"] == spec.message.__name__
        assert resolve(document, message["payload"]["$ref"])["title"] == spec.message.__name__
        assert "key" in message["bindings"]["kafka"]


def test_asyncapi_payloads_are_valid_json_schema() -> None:
    schemas = asyncapi()["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert schemas["Language"]["enum"] == [language.value for language in Language]
