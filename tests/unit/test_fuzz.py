"""Spoiled records beside good ones: each has its event or its reason, whatever lies beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Message
from schemas.codec import Decoder
from schemas.errors import DecodeError
from schemas.events import OrderEvent, QueryEvent, ReviewEvent
from schemas.mapping import FieldMap
from tests.fuzz import KINDS, SPOILERS, Fuzzed, is_valid, records

COUNT = 3_000
CHUNK = 64

Decoded = list[Message | DecodeError]


def in_chunks(decoder: Decoder[Message], fuzzed: Sequence[Fuzzed]) -> Decoded:
    decoded: Decoded = []
    for start in range(0, len(fuzzed), CHUNK):
        decoded += decoder.decode_many([one.value for one in fuzzed[start : start + CHUNK]])
    return decoded


@pytest.mark.parametrize("model", KINDS)
def test_the_generator_keeps_its_word(model: type[Message]) -> None:
    fuzzed = list(records(model, COUNT, seed=1))
    assert fuzzed == list(records(model, COUNT, seed=1))
    ways = Counter(one.how for one in fuzzed)
    assert {spoil.__name__ for spoil in SPOILERS} <= ways.keys()
    for one in fuzzed:
        if one.good is not None:
            assert is_valid(model, one.value) is one.good, one


@pytest.mark.parametrize("model", KINDS)
def test_each_record_gets_what_the_model_says_of_it_alone(model: type[Message]) -> None:
    fuzzed = list(records(model, COUNT, seed=2))
    decoder = Decoder(model)
    decoded = in_chunks(decoder, fuzzed)
    assert len(decoded) == len(fuzzed)
    for one, event in zip(fuzzed, decoded, strict=True):
        if is_valid(model, one.value):
            assert event == model.model_validate_json(one.value or b"")
        else:
            assert isinstance(event, DecodeError), one
            assert event.reason
            assert event.reason.isprintable(), one


@pytest.mark.parametrize("model", KINDS)
def test_a_shops_own_names_change_nothing_else(model: type[Message]) -> None:
    """The map sends a field to itself, so that the record goes the other way round."""
    fuzzed = list(records(model, COUNT, seed=3))
    name = "currency" if model is OrderEvent else "text"
    plain = in_chunks(Decoder(model), fuzzed)
    mapped = in_chunks(Decoder(model, FieldMap(model, {name: name})), fuzzed)
    for one, left, right in zip(fuzzed, plain, mapped, strict=True):
        assert same(left, right), one


def same(left: Message | DecodeError, right: Message | DecodeError) -> bool:
    if isinstance(left, DecodeError) and isinstance(right, DecodeError):
        return left.code == right.code
    return left == right


def whole(value: bytes) -> st.SearchStrategy[bytes]:
    """Return pieces of a record that a join with commas might put together again."""
    ends = st.tuples(st.integers(0, len(value)), st.integers(0, len(value)))
    return ends.map(lambda two: value[min(two) : max(two)])


REVIEW = orjson.dumps(
    {"review_id": 1, "user_id": "u", "product_id": "p", "text": "好", "created_at": 1767225600}
)
RECORDS = st.lists(
    st.one_of(
        st.none(),
        st.just(REVIEW),
        whole(REVIEW),
        whole(REVIEW + b"," + REVIEW),
        st.sampled_from([b"1,2", b"{},{}", b'{"a":1', b'"b":2}', b'"', b'{"a":"', b"[", b"]"]),
        st.binary(max_size=40),
    ),
    max_size=12,
)


@given(RECORDS)
def test_many_are_decoded_as_one_by_one(values: list[bytes | None]) -> None:
    for decoder in (
        Decoder(ReviewEvent),
        Decoder(ReviewEvent, FieldMap(ReviewEvent, {"text": "text"})),
    ):
        decoded = decoder.decode_many(values)
        assert len(decoded) == len(values)
        for value, event in zip(values, decoded, strict=True):
            assert described(alone(decoder, value)) == described(event)
            assert is_valid(ReviewEvent, value) is not isinstance(event, DecodeError)


def alone(decoder: Decoder[ReviewEvent], value: bytes | None) -> ReviewEvent | DecodeError:
    try:
        return decoder.decode(value)
    except DecodeError as error:
        return error


def described(event: ReviewEvent | DecodeError) -> object:
    return (event.code, event.reason) if isinstance(event, DecodeError) else event


def test_nothing_is_known_of_a_chunk_of_nothing() -> None:
    assert Decoder(QueryEvent).decode_many([]) == []
