"""A shop's own field names."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Decoder
from schemas.errors import DecodeError, MappingError
from schemas.events import QueryEvent
from schemas.mapping import FieldMap

PLAIN = {"query_id": "q1", "session_id": "s1", "created_at": "2025-03-05T09:00:00Z"}

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def nested(path: str, value: Any) -> Any:
    for step in reversed(path.split(".")):
        value = {step: value}
    return value


@pytest.mark.parametrize(
    ("path", "record", "expected"),
    [
        ("body", {"body": "Hi"}, {"text": "Hi"}),
        ("body.content", {"body": {"content": "Hi"}}, {"body": {"content": "Hi"}, "text": "Hi"}),
        ("parts.1.t", {"parts": [{}, {"t": "Hi"}]}, None),
        ("parts.7.t", {"parts": [{}]}, None),
        ("a.b.c", {"a": "x"}, None),
        ("a", {"a": None}, {"text": None}),
    ],
)
def test_paths(path: str, record: dict[str, Any], expected: dict[str, Any] | None) -> None:
    mapped = FieldMap(QueryEvent, {"text": path}).apply(record)
    if expected is None:
        assert mapped.get("text") == ("Hi" if path == "parts.1.t" else None)
        assert ("text" in mapped) is (path == "parts.1.t")
    else:
        assert {key: mapped.get(key) for key in expected} == expected


def test_a_mapped_field_is_not_read_under_its_own_name() -> None:
    fields = FieldMap(QueryEvent, {"text": "body"})
    assert "text" not in fields.apply({"text": "of another kind"})


@pytest.mark.parametrize(
    ("paths", "problem"),
    [({"txt": "body"}, "no field 'txt'"), ({"text": ""}, "empty"), ({"text": "a..b"}, "empty")],
)
def test_a_map_that_cannot_be_used_is_refused(paths: dict[str, str], problem: str) -> None:
    with pytest.raises(MappingError, match=problem):
        FieldMap(QueryEvent, paths)


@given(st.lists(NAMES, min_size=1, max_size=5), JSON)
def test_a_value_is_found_wherever_it_lies(steps: list[str], value: Any) -> None:
    path = ".".join(steps)
    mapped = FieldMap(QueryEvent, {"text": path}).apply(nested(path, value))
    assert mapped["text"] == value


@given(st.dictionaries(NAMES, JSON, max_size=5), st.lists(NAMES, min_size=1, max_size=4))
def test_any_record_and_any_path_are_borne(record: dict[str, Any], steps: list[str]) -> None:
    fields = FieldMap(QueryEvent, {"text": ".".join(steps)})
    before = (
        orjson.dumps(record, option=orjson.OPT_SORT_KEYS, default=str) if _small(record) else b""
    )
    fields.apply(record)
    if before:
        assert orjson.dumps(record, option=orjson.OPT_SORT_KEYS, default=str) == before


def _small(value: Any) -> bool:
    """Whether all its integers fit what orjson writes."""
    if isinstance(value, dict):
        return all(_small(inner) for inner in value.values())
    if isinstance(value, list):
        return all(_small(inner) for inner in value)
    return not isinstance(value, int) or abs(value) < 2**53


PATHS = st.lists(st.sampled_from(["text", "user_id", "a", "b", "0"]), min_size=1, max_size=3)


@given(
    st.dictionaries(st.sampled_from(["text", "user_id", "query_id"]), JSON),
    st.dictionaries(st.sampled_from(["text", "user_id", "session_id"]), PATHS),
)
def test_what_is_written_by_a_map_is_read_by_it(
    fields: dict[str, Any], paths: dict[str, list[str]]
) -> None:
    mapped = FieldMap(QueryEvent, {name: ".".join(steps) for name, steps in paths.items()})
    before = deepcopy(fields)
    try:
        record = mapped.unapply(fields)
    except MappingError:
        return
    read = mapped.apply(record)
    assert {name: read[name] for name in QueryEvent.model_fields if name in read} == before


@pytest.mark.parametrize(
    ("paths", "record"),
    [
        ({}, {"text": "Hi", "user_id": "u"}),
        ({"text": "body.content"}, {"body": {"content": "Hi"}, "user_id": "u"}),
        ({"text": "m.t", "user_id": "m.by"}, {"m": {"t": "Hi", "by": "u"}}),
        ({"text": "user_id", "user_id": "text"}, {"user_id": "Hi", "text": "u"}),
    ],
)
def test_a_shops_record_is_written(paths: dict[str, str], record: dict[str, Any]) -> None:
    assert FieldMap(QueryEvent, paths).unapply({"text": "Hi", "user_id": "u"}) == record


@pytest.mark.parametrize(
    "paths",
    [
        {"text": "body", "user_id": "body"},
        {"text": "body", "user_id": "body.by"},
        {"text": "user_id"},
        {"text": "user_id.content"},
        {"session_id": "user_id"},  # which there is none of
    ],
)
def test_a_record_that_cannot_be_written_is_refused(paths: dict[str, str]) -> None:
    with pytest.raises(MappingError, match="another field"):
        FieldMap(QueryEvent, paths).unapply({"text": "Hi", "user_id": "u"})


def test_decoding_through_a_map() -> None:
    decoder = Decoder(QueryEvent, FieldMap(QueryEvent, {"text": "message.body"}))
    event = decoder.decode(orjson.dumps({**PLAIN, "message": {"body": "在吗"}}))
    assert event.text == "在吗"
    with pytest.raises(DecodeError, match="text is missing") as caught:
        decoder.decode(orjson.dumps(PLAIN))
    assert caught.value.code == "missing_field"
    with pytest.raises(DecodeError, match="not an object"):
        decoder.decode(b"[1]")


def test_an_empty_map_is_no_map() -> None:
    assert not FieldMap(QueryEvent, {})
