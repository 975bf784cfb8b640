"""Dead letters on the command line: what is shown is harmless, what is asked makes sense."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from schemas.letters import CarriedHeader, DeadLetter
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.cli.letters import SHOWN_CHARACTERS, Summary, age, line, since, whole
from streams.dead_letters import REPLAY_OF, Choice, record_of, refusal
from tests.letters import NOW, letter

pytestmark = pytest.mark.timeout(120)

DANGEROUS = "\x1b]0;owned\x07\x1b[2J\u202eab\u0000\u009b31m"


def shown(one: DeadLetter) -> str:
    return "\n".join(text.plain for text in whole(one))


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=90), "1h"),
        (timedelta(days=9), "9d"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(ago: timedelta, said: str) -> None:
    assert age(NOW - ago, NOW) == said


def test_since_takes_lengths_and_times() -> None:
    assert abs(datetime.now(UTC) - timedelta(hours=2) - since("2h")) < timedelta(minutes=1)
    assert since("2026-05-04T12:00:00") == NOW
    assert since("2026-05-04T14:00:00+02:00") == NOW
    for nonsense in ("", "h", "two hours", "2w", "-3h", f"{10**30}d"):
        with pytest.raises(ValueError, match=r"\w"):
            since(nonsense)


def test_nothing_of_a_letter_reaches_the_terminals_controls() -> None:
    one = letter(
        DANGEROUS.encode(),
        result_id=DANGEROUS,
        task=DANGEROUS,
        code=DANGEROUS,
        reason=DANGEROUS,
        detail=DANGEROUS,
        key=base64.b64encode(DANGEROUS.encode()).decode(),
        headers=(CarriedHeader(name=DANGEROUS, value=base64.b64encode(b"\x1b[").decode()),),
    )
    summary = Summary()
    summary.add(one)
    texts = [shown(one), line(one).plain, *(text.plain for text in summary.lines())]
    for text in texts:
        assert all(char.isprintable() for char in text.replace("\n", "")), ascii(text)
    assert "\\x1b[2J\\u202eab\\x00" in texts[0]


def test_a_letter_is_shown_with_all_that_it_holds() -> None:
    text = shown(letter('{"text": "好\n'.encode(), detail="KeyError in decide"))
    for part in (
        "reviews, partition 0, offset 7",
        "2026-05-04 12:00:00 UTC",
        "not_json",
        "it ends too soon",
        "KeyError in decide",
        "u1",
        "trace = \\x00\\xff",
        "n = none",
        '{"text": "好\n',
    ):
        assert part in text
    assert "none (null)" in shown(letter(None, key=None))
    assert "\\xff\\xfe" in shown(letter(b"\xff\xfe"))


def test_a_long_value_is_cut() -> None:
    text = shown(letter(b"x" * 50_000))
    assert len(text) < SHOWN_CHARACTERS + 1000
    assert "46,000 bytes more: --raw FILE writes all" in text
    assert "more:" not in shown(letter(b"x" * SHOWN_CHARACTERS))


def test_the_summary_counts_codes_with_their_usual_reason() -> None:
    summary = Summary()
    for reason in ("a", "b", "b"):
        summary.add(letter(reason=reason))
    summary.add(letter(code="not_utf8", reason="c"))
    lines = [" ".join(text.plain.split()) for text in summary.lines()]
    assert lines == ["4 dead letters", "3 not_json b (and 1 other reasons)", "1 not_utf8 c"]


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (Choice(), True),
        (Choice(ids=frozenset({"reviews-0-7-sentiment"})), True),
        (Choice(ids=frozenset({"other"})), False),
        (Choice(code="not_json", task="sentiment", topic="reviews", since=NOW), True),
        (Choice(code="not_utf8"), False),
        (Choice(task="reply"), False),
        (Choice(topic="queries"), False),
        (Choice(since=NOW + timedelta(seconds=1)), False),
    ],
)
def test_a_choice_takes_what_fits_all_of_it(choice: Choice, taken: bool) -> None:
    assert choice.takes(letter()) is taken


def test_a_record_goes_back_as_it_was_with_one_header_more() -> None:
    record = record_of(letter(b"\x00\xff"))
    assert (record.key, record.value) == (b"u1", b"\x00\xff")
    mark = (REPLAY_OF, b"reviews-0-7-sentiment")
    assert record.headers == (("trace", b"\x00\xff"), ("n", None), mark)
    assert record_of(letter(None, key=None)).value is None


def test_what_cannot_go_back_is_refused_with_the_reason() -> None:
    assert refusal(letter(), {"reviews"}) is None
    assert refusal(letter(None), {"reviews"}) is None
    assert "reviews is no source" in (refusal(letter(), {"queries"}) or "")
    assert "too large to be carried whole" in (refusal(letter(b"x" * 1_200_000), {"reviews"}) or "")
    without = letter(key=None, headers=(), left_out_bytes=300_000)
    assert "key and headers of 300,000 bytes" in (refusal(without, {"reviews"}) or "")
    assert "key and headers, 300,000 bytes" in shown(without)
    assert "checksum" in (refusal(letter(value_sha256="0" * 64), {"reviews"}) or "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "--all"),
        (["replay", "--all", "--code", "x"], "--all"),
        (["replay", "--all"], "--yes"),
        (["replay", "--code", "x"], "--dry-run"),
        (["list", "--since", "soon"], "--since takes"),
        (["list", "--limit", "0"], "limit"),
        (["show"], "ID"),
    ],
)
def test_wrong_usage_is_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(app, ["dead-letters", *arguments]) == 2
    assert said in capsys.readouterr().err
