"""Records as shops send them, and what becomes of such on a bad day; the same for the same seed.

Each comes with what it is: `True` can be read, `False` is broken for sure, and `None` may be
either, which whoever tests asks of the model itself, `is_valid`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas.base import MAX_TEXT_CHARS, Message
from schemas.events import OrderEvent, QueryEvent, ReviewEvent

Fields = dict[str, Any]
Verdict = bool | None

TEXTS = (
    "Exactly as described, arrived two days early.",
    'Broke after a week. "Premium", they said.\nNever again!',
    "屏幕很清晰,物流也快,五星好评。",
    "做工粗糙,客服态度差,退货还要自己出运费",
    "Très bien 👍🏽 ñandú \\ / \t \u2028 end",
    "Where is my order? It should have come on Monday.",
    "我的快递到哪里了?",
)
HUGE = 2 * MAX_TEXT_CHARS
RARE = 2_000
"""One record in so many is huge: a megabyte each, or the run would be about memory."""


@dataclass(frozen=True, kw_only=True)
class Fuzzed:
    """One record and what it is."""

    value: bytes | None
    good: Verdict
    how: str  # what was done to it


def is_valid(model: type[Message], value: bytes | None) -> bool:
    """Return whether the model itself takes the record, alone."""
    if value is None:
        return False
    try:
        model.model_validate_json(value)
    except ValidationError:
        return False
    return True


# -- as it should be


def review(rng: random.Random, number: int) -> Fields:
    fields: Fields = {
        "review_id": f"r{number}",
        "user_id": f"u{number % 97}",
        "product_id": f"p{rng.randrange(50)}",
        "text": rng.choice(TEXTS),
        "rating": rng.choice([None, 1, 2, 3, 4, 5]),
        "created_at": _moment(rng),
    }
    return _some(rng, fields, {"language": "zh-Hans-CN", "shop": {"id": 7, "tags": ["a", 1.5]}})


def query(rng: random.Random, number: int) -> Fields:
    fields: Fields = {
        "query_id": f"q{number}",
        "session_id": f"s{number % 97}",
        "text": rng.choice(TEXTS),
        "created_at": _moment(rng),
    }
    return _some(rng, fields, {"user_id": 4711, "channel": "social", "order_id": "o1"})


def order(rng: random.Random, number: int) -> Fields:
    items = [
        {
            "product_id": f"p{n}",
            "quantity": rng.randint(-2, 9),
            "unit_price": rng.choice(["9.90", 3]),
        }
        for n in range(rng.randint(1, 4))
    ]
    fields: Fields = {
        "order_id": f"o{number}",
        "user_id": f"u{number % 97}",
        "items": items,
        "currency": "CNY",
        "created_at": _moment(rng),
    }
    return _some(rng, fields, {"status": "shipped", "carrier": "SF", "eta": 1767225600})


KINDS: dict[type[Message], Callable[[random.Random, int], Fields]] = {
    ReviewEvent: review,
    QueryEvent: query,
    OrderEvent: order,
}
REQUIRED = {model: [n for n, f in model.model_fields.items() if f.is_required()] for model in KINDS}


MOMENTS: tuple[str | float, ...] = (
    "2026-01-01T00:00:00Z",
    "2026-01-01 08:00",
    "2026-01-01T08:00+08:00",
    1767225600,
    1767225600.5,
)


def _moment(rng: random.Random) -> str | float:
    return rng.choice(MOMENTS)


def _some(rng: random.Random, fields: Fields, more: Fields) -> Fields:
    return fields | {name: value for name, value in more.items() if rng.random() < 0.3}


def plain(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


# -- as it should not be


@dataclass(frozen=True, kw_only=True)
class Case:
    """One record about to be spoiled."""

    rng: random.Random
    model: type[Message]
    fields: Fields

    def with_field(self, name: str, json_text: str) -> bytes:
        """Return the record with a field's value as that text, whatever JSON thinks of it."""
        marked = self.fields | {name: "\x00MARK"}
        return plain(marked).replace(b'"\\u0000MARK"', json_text.encode("utf-8", "surrogatepass"))

    def required(self) -> str:
        return self.rng.choice(REQUIRED[self.model])


Spoiled = tuple[bytes | None, Verdict]


def null_record(case: Case) -> Spoiled:
    return None, False


def empty(case: Case) -> Spoiled:
    return case.rng.choice([b"", b" ", b"\n\t ", b"\x00", b"\xef\xbb\xbf"]), False


def cut(case: Case) -> Spoiled:
    whole = plain(case.fields)
    return whole[: case.rng.randrange(len(whole))], False


def beheaded(case: Case) -> Spoiled:
    whole = plain(case.fields)
    return whole[case.rng.randrange(1, len(whole)) :], False


def flipped(case: Case) -> Spoiled:
    whole = bytearray(plain(case.fields))
    for _ in range(case.rng.randint(1, 4)):
        whole[case.rng.randrange(len(whole))] ^= 1 << case.rng.randrange(8)
    return bytes(whole), None


def stray_bytes(case: Case) -> Spoiled:
    whole = bytearray(plain(case.fields))
    at = case.rng.randrange(len(whole))
    whole[at : at + case.rng.randint(0, 3)] = case.rng.randbytes(case.rng.randint(1, 8))
    return bytes(whole), None


def noise(case: Case) -> Spoiled:
    return b"\xff" + case.rng.randbytes(case.rng.randint(0, 300)), False


def not_json(case: Case) -> Spoiled:
    return (
        case.rng.choice(
            [
                b"hello",
                b"<review/>",
                b"id,text\n1,good\n",
                b"{'text': 'good'}",
                b"{text: good}",
                plain(case.fields).replace(b'": ', b'"= '),
                plain(case.fields)[:-1] + b",}",
                b"\x00\x00\x00\x00\x05" + plain(case.fields),  # a schema registry's prefix
                b"\x1f\x8b\x08\x00" + case.rng.randbytes(40),
                b"/* hi */" + plain(case.fields),
            ]
        ),
        False,
    )


def not_an_object(case: Case) -> Spoiled:
    texts = [b"null", b"true", b"17", b"-0.0", b'"text"', b"[]", b"[[]]", b"NaN", b"-Infinity"]
    return case.rng.choice([*texts, b"[" + plain(case.fields) + b"]"]), False


def several(case: Case) -> Spoiled:
    """Read as a list's inside, these are no error but other records."""
    whole = plain(case.fields)
    between = case.rng.choice([b",", b"\n", b"", b" , ", b"],[", b'},"x":{'])
    return (case.rng.choice([whole + between + whole, b"1,2", b",", b"{},{}", b"],["])), False


def halves(case: Case) -> Spoiled:
    """Beside another of its kind, these are whole: `{"a": 1` and `"b": 2}`."""
    whole = plain(case.fields)
    at = whole.index(b", ")
    return case.rng.choice([whole[:at], whole[at + 2 :], b'{"x": {', b"}", b'"', b'{"x":"']), False


def deep(case: Case) -> Spoiled:
    levels = case.rng.choice([50, 150, 198, 199, 200, 201, 202, 1000, 20_000])
    opening, closing = case.rng.choice([("[", "]"), ('{"a":', "}")])
    middle = "" if opening == "[" else "1"
    text = opening * levels + middle + closing * case.rng.choice([levels, levels, levels - 1, 0])
    return case.with_field(case.rng.choice(["extra", case.required()]), text), None


def wrong_type(case: Case) -> Spoiled:
    name = case.required()
    text = case.rng.choice(["null", "true", "{}", '{"a": 1}', "[1]", '[""]', "[null]"])
    return case.with_field(name, text), False


def odd_value(case: Case) -> Spoiled:
    name = case.rng.choice([*case.fields, "extra"])
    text = case.rng.choice(
        [
            "0", "-1", "6", "1e400", "-1e400", "1" * 40, "1" * 5000, "0.1", "1e-400", "NaN",
            "Infinity", "-Infinity", "1e5", "01", "+1", ".5", "1.", "0x10", "true",
            '""', '" "', '"\\u0000"',
            '"3"', '"3.0"', '"1e3"', '"9999-12-31T23:59:59Z"', '"0001-01-01T00:00:00+14:00"',
            '"2026-02-30"', '"2026-01-01"', '"24:00"', '"\\u00a0"', '"\\u202e"', '"\\u001b[2J"',
        ]
    )  # fmt: skip
    return case.with_field(name, text), None


def missing(case: Case) -> Spoiled:
    name = case.required()
    return plain({key: value for key, value in case.fields.items() if key != name}), False


def other_version(case: Case) -> Spoiled:
    return case.with_field(
        "schema_version", case.rng.choice(["2", "0", '"2"', "null", "[]"])
    ), False


def twice(case: Case) -> Spoiled:
    """A name twice: the last one counts."""
    whole = plain(case.fields)
    name, good = case.required(), case.rng.random() < 0.5
    value = plain({name: case.fields[name]})[1:-1]
    bad = plain({name: None})[1:-1]
    if good:
        return b"{" + bad + b", " + whole[1:], True
    return whole[:-1] + b", " + value + b", " + bad + b"}", False


def wrong_encoding(case: Case) -> Spoiled:
    text = json.dumps(case.fields | {"text": "naïve 好"}, ensure_ascii=False)
    name = case.rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "gb18030"])
    return text.encode(name), False


def bad_utf8(case: Case) -> Spoiled:
    text = case.rng.choice(
        [b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88", b"\xc0\xaf", b"\xe5\xa5", b"\x80"]
    )
    return plain(case.fields | {"text": "HERE"}).replace(b"HERE", b"a" + text), False


def lone_surrogate(case: Case) -> Spoiled:
    text = case.rng.choice([r"\ud800", r"\udfff", r"a\ud83d b", r"\ude00\ud83d", r"\ud83d\ud83d"])
    return case.with_field(case.rng.choice(["text", case.required()]), f'"{text}"'), False


def raw_control(case: Case) -> Spoiled:
    char = case.rng.choice("\x00\x01\x08\n\r\x1b\x1f")
    return case.with_field(case.required(), f'"a{char}b"'), False


def escaped_control(case: Case) -> Spoiled:
    code = case.rng.choice(["0000", "0001", "001f", "007f", "000a"])
    return case.with_field(case.required(), f'"a\\u{code}b"'), None


def long(case: Case) -> Spoiled:
    name = case.rng.choice([n for n in REQUIRED[case.model] if n.endswith("_id")])
    return plain(case.fields | {name: "x" * case.rng.choice([256, 257, 5000])}), None


def odd_but_good(case: Case) -> Spoiled:
    whole = plain(case.fields)
    return (
        case.rng.choice(
            [
                b" \n\t" + whole + b"\r\n ",
                json.dumps(case.fields, ensure_ascii=True).encode(),
                json.dumps(case.fields, indent=4).encode(),
                whole[:-1] + b', "": {"text": null}, "a\\u0000": [{}, [[]], 1e9]}',
                plain(dict(reversed(case.fields.items()))),
            ]
        ),
        True,
    )


SPOILERS: tuple[Callable[[Case], Spoiled], ...] = (
    null_record, empty, cut, beheaded, flipped, stray_bytes, noise, not_json, not_an_object,
    several, halves, deep, wrong_type, odd_value, missing, other_version, twice, wrong_encoding,
    bad_utf8, lone_surrogate, raw_control, escaped_control, long, odd_but_good,
)  # fmt: skip


def huge(case: Case) -> Spoiled:
    text = case.rng.choice(["x", "好", "\x00"]) * (HUGE // 2 + case.rng.choice([0, 1]))
    return plain(case.fields | {"extra": text, "text": text}), None


def records(
    model: type[Message], count: int, *, seed: int, good_share: float = 0.3
) -> Iterator[Fuzzed]:
    """Yield records, some as they should be, most of them spoiled, in no order."""
    rng = random.Random(seed)
    for number in range(count):
        fields = KINDS[model](rng, number)
        if rng.random() < good_share:
            yield Fuzzed(value=plain(fields), good=True, how="good")
            continue
        spoil = huge if rng.randrange(RARE) == 0 else rng.choice(SPOILERS)
        value, good = spoil(Case(rng=rng, model=model, fields=fields))
        yield Fuzzed(value=value, good=good, how=spoil.__name__)
