"""Whatever lies in a topic is an event or a reason that repeats nothing of it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.base import MAX_TEXT_CHARS, Message
from schemas.codec import Decoder, encode
from schemas.errors import DecodeError
from schemas.events import OrderEvent, QueryEvent, ReviewEvent
from schemas.letters import MAX_CARRIED_BYTES, DeadLetter, carry
from schemas.mapping import FieldMap
from schemas.reference import CatalogueItem, KnowledgeEntry
from schemas.topics import DEFAULT_TOPICS, Topics

SECRET = "Zaphod-4711"
"""Stands for what a customer wrote: no reason may hold it."""

REVIEW = {
    "review_id": "r1",
    "user_id": "u1",
    "product_id": "p1",
    "text": "Fine",
    "created_at": "2025-03-05T09:00:00Z",
}
ORDER = {
    "order_id": "o1",
    "user_id": "u1",
    "items": [{"product_id": "p1", "quantity": 1, "unit_price": "9.90"}],
    "currency": "EUR",
    "created_at": 1741165200,
}


def review(**fields: Any) -> bytes:
    return orjson.dumps({**REVIEW, **fields})


def raw(old: str, new: bytes) -> bytes:
    """Return a review whose text is `new`, byte by byte, where JSON writers refuse to write it."""
    return review(text=old).replace(old.encode(), new)


DECODERS: list[Decoder[ReviewEvent]] = [
    Decoder(ReviewEvent),
    Decoder(ReviewEvent, FieldMap(ReviewEvent, {"rating": "rating", "language": "language"})),
]
"""The straight way and the one through a shop's own names have to agree."""


@pytest.fixture(params=DECODERS, ids=["plain", "mapped"])
def decoder(request: pytest.FixtureRequest) -> Decoder[ReviewEvent]:
    chosen: Decoder[ReviewEvent] = request.param
    return chosen


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "null_value"),
        (b"", "not_json"),
        (SECRET.encode(), "not_json"),
        (b'{"text": "' + SECRET.encode(), "not_json"),
        (b"\xff\xfe" + SECRET.encode(), "not_utf8"),
        (raw("TEXT", b"\xc3\x28" + SECRET.encode()), "not_utf8"),
        (raw("TEXT", b"\xed\xa0\x80" + SECRET.encode()), "not_utf8"),
        (raw("TEXT", rb"\ud800" + SECRET.encode()), "not_json"),
        (b"null", "not_an_object"),
        (b"[]", "not_an_object"),
        (orjson.dumps(SECRET), "not_an_object"),
        (b"[" * 100_000, "not_json"),
        (b'{"text":' + b"[" * 100_000, "not_json"),
        (b"{}", "missing_field"),
        (orjson.dumps({**REVIEW, "text": None}), "invalid_field"),
        (review(text=""), "invalid_field"),
        (review(text=" \n\t\u3000"), "invalid_field"),
        (review(text="\x00 \x00"), "invalid_field"),
        (review(text=7), "invalid_field"),
        (review(text=[SECRET]), "invalid_field"),
        (review(text={"a": SECRET}), "invalid_field"),
        (review(text=SECRET * 100_000), "invalid_field"),
        (review(review_id=f"a\n{SECRET}"), "invalid_field"),
        (review(review_id=SECRET * 100), "invalid_field"),
        (review(review_id=" "), "invalid_field"),
        (review(review_id=1.5), "invalid_field"),
        (review(review_id=True), "invalid_field"),
        (review(rating=6), "invalid_field"),
        (review(rating=-(2**60)), "invalid_field"),
        (review(rating=SECRET), "invalid_field"),
        (review(rating=2.5), "invalid_field"),
        (review(created_at="0001-01-01T00:00:00Z"), "invalid_field"),
        (review(created_at="9999-12-31T23:59:59Z"), "invalid_field"),
        (review(created_at=-1), "invalid_field"),
        (review(created_at=10**18), "invalid_field"),
        (review(created_at=SECRET), "invalid_field"),
        (review(language="x"), "invalid_field"),
        (review(schema_version=2), "unknown_schema_version"),
        (review(schema_version=SECRET), "unknown_schema_version"),
        (review(schema_version=None), "unknown_schema_version"),
    ],
)
def test_what_is_no_event_has_a_code_and_a_discreet_reason(
    decoder: Decoder[ReviewEvent], value: bytes | None, code: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        decoder.decode(value)
    assert caught.value.code == code
    assert caught.value.reason
    assert SECRET not in caught.value.reason
    assert len(caught.value.reason) < 500


@pytest.mark.parametrize(
    "text",
    [
        "😀👍🏽👨‍👩‍👧",
        "a\x00b",
        "x" * MAX_TEXT_CHARS,
        "好" * 300_000,
        "'; drop table--",
        "\u202eabc",
        "{{7*7}}",
    ],
)
def test_odd_texts_are_kept_as_they_are(decoder: Decoder[ReviewEvent], text: str) -> None:
    assert decoder.decode(review(text=text)).text == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025-03-05T09:00:00Z", datetime(2025, 3, 5, 9, tzinfo=UTC)),
        ("2025-03-05T09:00:00", datetime(2025, 3, 5, 9, tzinfo=UTC)),
        ("2025-03-05T17:00:00+08:00", datetime(2025, 3, 5, 9, tzinfo=UTC)),
        (1741165200, datetime(2025, 3, 5, 9, tzinfo=UTC)),
        (1741165200000, datetime(2025, 3, 5, 9, tzinfo=UTC)),
    ],
)
def test_times(decoder: Decoder[ReviewEvent], written: object, read: datetime) -> None:
    assert decoder.decode(review(created_at=written)).created_at == read


def test_unknown_fields_and_missing_versions_are_fine(decoder: Decoder[ReviewEvent]) -> None:
    event = decoder.decode(review(colour=SECRET, review_id=17))
    assert (event.review_id, event.schema_version) == ("17", 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"items": []},
        {"items": [{"product_id": "p", "quantity": 10**9, "unit_price": 1}]},
        {"items": [{"product_id": "p", "quantity": 1, "unit_price": -1}]},
        {"items": [{"product_id": "p", "quantity": 1, "unit_price": "NaN"}]},
        {"items": [{"product_id": "p", "quantity": 1, "unit_price": SECRET}]},
        {"items": [{"product_id": "p", "quantity": 1, "unit_price": 1}] * 2001},
        {"items": {"product_id": SECRET}},
        {"currency": "euro"},
        {"currency": SECRET},
        {"status": SECRET},
        {"eta": SECRET},
    ],
)
def test_orders_out_of_range(fields: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as caught:
        Decoder(OrderEvent).decode(orjson.dumps({**ORDER, **fields}))
    assert caught.value.code == "invalid_field"
    assert SECRET not in caught.value.reason


def test_a_catalogue_key_that_is_no_language_is_not_repeated() -> None:
    value = orjson.dumps({"product_id": "p", "title": "T", "titles": {SECRET: "x"}})
    with pytest.raises(DecodeError) as caught:
        Decoder(CatalogueItem).decode(value)
    assert SECRET not in caught.value.reason


def test_many_neighbours_are_untouched_by_a_bad_one() -> None:
    read = Decoder(ReviewEvent).decode_many([review(), b"{", review(review_id="r2"), None])
    kinds = [type(one) for one in read]
    assert kinds == [ReviewEvent, DecodeError, ReviewEvent, DecodeError]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
MESSAGES: list[type[Message]] = [ReviewEvent, QueryEvent, OrderEvent, CatalogueItem, KnowledgeEntry]


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_reason(value: bytes) -> None:
    for message in MESSAGES:
        for one in Decoder(message).decode_many([value]):
            assert isinstance(one, (message, DecodeError))


@given(st.sampled_from(MESSAGES), st.data())
def test_any_json_in_the_known_fields_is_an_event_or_a_reason(
    message: type[Message], data: st.DataObject
) -> None:
    names = st.sampled_from(list(message.model_fields))
    value = orjson.dumps(data.draw(st.dictionaries(names, JSON)))
    for fields in (None, FieldMap(message, {"schema_version": "v"})):
        one = Decoder(message, fields).decode_many([value])[0]
        assert isinstance(one, (message, DecodeError))


@given(st.text(min_size=1).filter(lambda t: t.replace("\x00", "").strip()))
def test_what_is_written_is_read_back(text: str) -> None:
    event = ReviewEvent.model_validate({**REVIEW, "text": text})
    assert Decoder(ReviewEvent).decode(encode(event)) == event


def test_orders_are_read_back() -> None:
    event = Decoder(OrderEvent).decode(orjson.dumps(ORDER))
    assert Decoder(OrderEvent).decode(encode(event)) == event


def letter(**fields: Any) -> dict[str, Any]:
    carried, length, digest = carry(b"\xffraw")
    given = {"result_id": "t-0-1-reply", "task": "reply", "code": "c", "reason": "r", "key": None}
    source = {"topic": "t", "partition": 0, "offset": 1, "timestamp_ms": -1}
    whole = {"value": carried, "value_bytes": length, "value_sha256": digest}
    return {**given, **whole, "source": source, "produced_at": "2025-03-05T09:00:00Z", **fields}


def test_a_dead_letter_holds_the_very_bytes() -> None:
    dead = DeadLetter.model_validate(letter())
    assert (dead.raw_value(), dead.value_is_whole) == (b"\xffraw", True)
    assert Decoder(DeadLetter).decode(encode(dead)) == dead
    with pytest.raises(ValidationError):
        DeadLetter.model_validate(letter(value="no base64!"))


def test_a_value_too_large_is_cut_and_described_whole() -> None:
    carried, length, digest = carry(b"x" * (MAX_CARRIED_BYTES + 5))
    assert carried is not None
    assert len(base64.b64decode(carried)) == MAX_CARRIED_BYTES
    assert (length, len(digest)) == (MAX_CARRIED_BYTES + 5, 64)
    assert carry(None)[:2] == (None, 0)


def test_topics_have_names_of_their_own_and_shops_may_rename_them() -> None:
    assert len({spec.id for spec in DEFAULT_TOPICS}) == len(DEFAULT_TOPICS)
    named = Topics.named({"reviews": "shop.reviews"})
    assert (named["reviews"].name, named["orders"].name) == ("shop.reviews", "orders")
    with pytest.raises(KeyError):
        Topics.named({"nowhere": "x"})
    assert named["catalogue"].broker_config()["cleanup.policy"] == "compact"
    assert named["reviews"].broker_config()["cleanup.policy"] == "delete"
