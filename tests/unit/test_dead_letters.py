"""Dead letters on the command line: what is shown is harmless, what is asked makes sense."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.letters import CarriedHeader, DeadLetter, carry
from schemas.results import Source
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.cli.letters import SHOWN_CHARACTERS, Summary, age, line, since, whole
from streams.dead_letters import REPLAY_OF, Choice, record_of, refusal
from streams.demo.broker import EmbeddedBroker

pytestmark = pytest.mark.timeout(120)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DANGEROUS = "\x1b]0;owned\x07\x1b[2J\u202eab\u0000\u009b31m"


def letter(value: bytes | None = b"{", offset: int = 7, **fields: Any) -> DeadLetter:
    carried, size, digest = carry(value)
    known: dict[str, Any] = {
        "result_id": f"reviews-0-{offset}-sentiment",
        "task": "sentiment",
        "source": Source(topic="reviews", partition=0, offset=offset, timestamp_ms=1),
        "code": "not_json",
        "reason": "the record is not JSON: it ends too soon",
        "key": base64.b64encode(b"u1").decode(),
        "value": carried,
        "value_bytes": size,
        "value_sha256": digest,
        "headers": (CarriedHeader(name="trace", value="AP8="), CarriedHeader(name="n", value=None)),
        "produced_at": NOW,
    }
    return DeadLetter(**known | fields)


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


def test_an_unreachable_broker_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["dead-letters", "list", "--bootstrap-servers", "127.0.0.1:1"]
    assert run_command(app, arguments) == 1
    assert "no Kafka broker answers" in capsys.readouterr().err


# -- on the embedded broker, which knows nothing of times and transactions


class Shop:
    """Topics of one test, and the command line on them."""

    def __init__(self, address: str, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        prefix = uuid.uuid4().hex[:8]
        self.letters = f"{prefix}-dead-letters"
        self._capsys = capsys
        self._producer = Producer(
            {"bootstrap.servers": address, "log_level": 0, "message.max.bytes": 8_000_000}
        )
        self._file = folder / "shop.toml"
        self._file.write_text(
            f'[kafka]\nbootstrap_servers = "{address}"\ndeclare_topics = false\n'
            f'[topics]\ndead-letters = "{self.letters}"\nreviews = "{prefix}-reviews"\n',
            encoding="utf-8",
        )
        self.reviews = f"{prefix}-reviews"

    def bury(self, *letters: DeadLetter | bytes) -> None:
        for one in letters:
            value = one if isinstance(one, bytes) else one.model_dump_json().encode()
            self._producer.produce(self.letters, key=b"u1", value=value)
        assert self._producer.flush(10) == 0

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        config = ["--config", str(self._file)]
        code = run_command(app, ["dead-letters", arguments[0], *config, *arguments[1:]])
        out, err = self._capsys.readouterr()
        return code, out, err


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    broker = EmbeddedBroker(tmp_path_factory.mktemp("broker"))
    yield broker.address
    broker.stop()


@pytest.fixture
def shop(embedded: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shop:
    return Shop(embedded, capsys, tmp_path)


def test_list_shows_each_letter_once_and_counts(shop: Shop) -> None:
    old = letter(offset=1, code="not_utf8", produced_at=datetime(2020, 1, 1, tzinfo=UTC))
    shop.bury(old, letter(offset=2), letter(offset=2), b"no letter", letter(offset=3))
    code, out, err = shop("list")
    assert code == 0
    lines = out.splitlines()
    assert ["reviews-0-1" in lines[0], "reviews-0-2" in lines[1], "reviews-0-3" in lines[2]]
    assert "reviews-0-1-sentiment  sentiment  not_utf8" in lines[0]
    assert lines[3] == "3 dead letters"
    assert len(lines) == 6
    assert "no letter that this release can read: 1" in err
    _, out, _ = shop("list", "--json", "--limit", "1")
    (found,) = [json.loads(one) for one in out.splitlines()]
    assert found["result_id"] == "reviews-0-3-sentiment"
    assert "value" not in found
    for flags in (["--code", "not_json"], ["--since", "2026-05-01"]):
        _, out, _ = shop("list", *flags)
        assert "2 dead letters" in out
    for flags in (["--task", "reply"], ["--topic", "queries"], ["--since", "1m"]):
        assert shop("list", *flags)[1] == "0 dead letters\n"


def test_list_of_an_empty_topic_is_empty(shop: Shop) -> None:
    assert shop("list") == (0, "0 dead letters\n", "")


def test_show_prints_and_writes_the_bytes(shop: Shop, tmp_path: Path) -> None:
    shop.bury(letter(b"\x00\xff{"), letter(None, offset=8))
    code, out, _ = shop("show", "reviews-0-7-sentiment")
    assert code == 0
    assert "\\x00\\xff{" in out
    assert shop("show", "reviews-0-7-sentiment", "--raw", str(tmp_path / "raw"))[0] == 0
    assert (tmp_path / "raw").read_bytes() == b"\x00\xff{"
    for arguments, said in (
        (["reviews-0-9-sentiment"], "there is no dead letter reviews-0-9-sentiment"),
        (["reviews-0-8-sentiment", "--raw", "-"], "no value"),
        (["reviews-0-7-sentiment", "--raw", str(tmp_path)], "cannot write"),
    ):
        code, _, err = shop("show", *arguments)
        assert code == 1
        assert said in err


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(shop: Shop) -> None:
    source = Source(topic=shop.reviews, partition=0, offset=1, timestamp_ms=1)
    shop.bury(
        letter(offset=1, source=source),
        letter(b"x" * 1_200_000, offset=2, source=source),
        letter(offset=3),
    )
    for _ in range(2):
        code, out, err = shop("replay", "--all", "--dry-run")
        assert code == 1
        assert out.splitlines() == [
            f"would send reviews-0-1-sentiment to {shop.reviews}",
            "1 record would be sent",
        ]
        assert "reviews-0-2-sentiment is not sent: its value of 1,200,000 bytes" in err
        assert "reviews-0-3-sentiment is not sent: reviews is no source" in err
