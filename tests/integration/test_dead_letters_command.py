"""Dead letters on the command line, on the embedded broker, which knows no transactions."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.letters import DeadLetter
from schemas.results import Source
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.demo.broker import EmbeddedBroker
from tests.letters import letter

pytestmark = pytest.mark.timeout(120)


def test_an_unreachable_broker_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["dead-letters", "list", "--bootstrap-servers", "127.0.0.1:1"]
    assert run_command(app, arguments) == 1
    assert "no Kafka broker answers" in capsys.readouterr().err


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
