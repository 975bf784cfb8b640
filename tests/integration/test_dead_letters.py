"""Dead letters on a real broker: listed, shown, and sent back to where they came from."""

from __future__ import annotations

import base64
import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import Message, Producer

from schemas.letters import CarriedHeader, DeadLetter, carry
from schemas.results import Source
from schemas.topics import DEFAULT_TOPICS
from streams.admin import create_topics
from streams.cli.app import app
from streams.cli.failures import run_command
from streams.config import Settings, load_settings
from streams.dead_letters import REPLAY_OF
from tests.kafka.helpers import read_all

pytestmark = pytest.mark.timeout(120)

PARTITIONS = 3
KEYS = ("u1", "u2", "u3", "u4", "u5", None)


class Shop:
    """Topics of one test with letters of records that lie in `reviews`, and the command line."""

    def __init__(self, address: str, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        prefix = uuid.uuid4().hex[:8]
        self.names = {spec.id: f"{prefix}-{spec.name}" for spec in DEFAULT_TOPICS}
        flags: dict[str, Any] = {f"topics.{id_}": name for id_, name in self.names.items()}
        flags |= {"kafka.bootstrap_servers": address, "kafka.partitions": PARTITIONS}
        self.settings: Settings = load_settings(
            environ={}, flags=flags, directory=Path("/nonexistent")
        ).settings
        create_topics(self.settings)
        self._capsys = capsys
        self._file = folder / "shop.toml"
        names = "".join(f'{id_} = "{name}"\n' for id_, name in self.names.items())
        self._file.write_text(
            f'[kafka]\nbootstrap_servers = "{address}"\n[topics]\n{names}', encoding="utf-8"
        )
        self.letters: list[DeadLetter] = []

    def produce(self, topic_id: str, **record: Any) -> Message:
        delivered: list[Message] = []
        producer = Producer(
            {
                "bootstrap.servers": self.settings.kafka.bootstrap_servers,
                "partitioner": "murmur2_random",
                "message.max.bytes": 8_000_000,
            }
        )
        producer.produce(
            self.names[topic_id], on_delivery=lambda _error, one: delivered.append(one), **record
        )
        assert producer.flush(20) == 0
        return delivered[0]

    def bury(self, value: bytes | None, key: bytes | None, *, code: str = "not_json") -> DeadLetter:
        """Do what a worker does with a record that it cannot work on."""
        headers: list[tuple[str, bytes | None]] = [("trace", b"\x00\xff"), ("none", None)]
        sent = self.produce("reviews", value=value, key=key, headers=headers)
        letter = as_letter(sent, headers, code)
        self.produce("dead-letters", value=letter.model_dump_json(), key=key)
        self.letters.append(letter)
        return letter

    def reviews(self, count: int) -> list[Message]:
        address = self.settings.kafka.bootstrap_servers
        found = read_all(address, self.names["reviews"], count, partitions=PARTITIONS)
        assert len(found) == count
        return found

    def replayed(self) -> dict[str, list[Message]]:
        """Return the records that were sent back, by their letters' ids."""
        found: dict[str, list[Message]] = {}
        address = self.settings.kafka.bootstrap_servers
        for message in read_all(
            address, self.names["reviews"], 10_000, limit_s=2.0, partitions=PARTITIONS
        ):
            for value in marks(message):
                found.setdefault(value.decode(), []).append(message)
        return found

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        config = ["--config", str(self._file)]
        code = run_command(app, ["dead-letters", arguments[0], *config, *arguments[1:]])
        out, err = self._capsys.readouterr()
        return code, out, err


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    return cast("list[tuple[str, bytes | None]]", message.headers() or [])


def marks(message: Message) -> list[bytes]:
    return [value or b"" for name, value in headers_of(message) if name == REPLAY_OF]


def as_letter(sent: Message, headers: list[tuple[str, bytes | None]], code: str) -> DeadLetter:
    value, size, digest = carry(sent.value())
    key = sent.key()
    source = Source(
        topic=sent.topic() or "",
        partition=sent.partition() or 0,
        offset=sent.offset() or 0,
        timestamp_ms=sent.timestamp()[1],
    )
    return DeadLetter(
        result_id=f"{source.topic}-{source.partition}-{source.offset}-sentiment",
        task="sentiment",
        source=source,
        code=code,
        reason="the record is not what it should be",
        key=None if key is None else base64.b64encode(key).decode(),
        value=value,
        value_bytes=size,
        value_sha256=digest,
        headers=tuple(
            CarriedHeader(name=n, value=None if v is None else base64.b64encode(v).decode())
            for n, v in headers
        ),
        produced_at=datetime.now(UTC),
    )


@pytest.fixture
def shop(kafka: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shop:
    return Shop(kafka, capsys, tmp_path)


def test_letters_are_listed_and_shown(shop: Shop) -> None:
    first = shop.bury(b"\x00\xff{", b"u1")
    second = shop.bury(None, None, code="null_value")
    code, out, err = shop("list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert first.result_id in lines[0]
    assert second.result_id in lines[1]
    assert lines[2] == "2 dead letters"
    for since in ("1h", "2020-01-01"):
        _, out, _ = shop("list", "--since", since, "--code", "null_value", "--json")
        assert [json.loads(one)["result_id"] for one in out.splitlines()] == [second.result_id]
    assert shop("list", "--since", "2099-01-01")[1] == "0 dead letters\n"
    code, out, _ = shop("show", first.result_id)
    assert code == 0
    assert "\\x00\\xff{" in out


def test_a_record_lies_in_its_topic_again_as_it_was(shop: Shop) -> None:
    values = [*(b"{%d" % n for n in range(4)), b"\x00\xff" * 100_000, None]
    for key, value in zip(KEYS, values, strict=True):
        shop.bury(value, key.encode() if key else None)
    code, out, err = shop("replay", "--all", "--yes")
    assert (code, out, err) == (0, f"6 records sent to {shop.names['reviews']}\n", "")
    replayed = shop.replayed()
    assert len(shop.reviews(12)) == 12
    for letter, key, value in zip(shop.letters, KEYS, values, strict=True):
        (message,) = replayed[letter.result_id]
        assert message.value() == value
        assert message.key() == (key.encode() if key else None)
        assert message.headers() == [
            ("trace", b"\x00\xff"),
            ("none", None),
            (REPLAY_OF, letter.result_id.encode()),
        ]
        if key is not None:
            assert message.partition() == (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS
            assert message.partition() == letter.source.partition


def test_what_was_sent_back_is_left_alone_unless_asked(shop: Shop) -> None:
    first = shop.bury(b"{1", b"u1")
    second = shop.bury(b"{2", None)
    assert shop("replay", first.result_id)[0] == 0
    code, out, err = shop("replay", "--code", "not_json", "--yes")
    assert (code, out) == (0, f"1 record sent to {shop.names['reviews']}\n")
    assert f"sent back before, left alone (--again sends once more): {first.result_id}" in err
    code, out, err = shop("replay", first.result_id, second.result_id, "--dry-run")
    assert (code, out) == (0, "0 records would be sent\n")
    assert shop("replay", first.result_id, second.result_id)[1] == "nothing to send\n"
    assert shop("replay", first.result_id, "--again")[0] == 0
    assert {name: len(found) for name, found in shop.replayed().items()} == {
        first.result_id: 2,
        second.result_id: 1,
    }


def test_letters_of_one_key_leave_in_their_order(shop: Shop) -> None:
    ids = [shop.bury(b"{%d" % n, b"u1").result_id for n in range(5)]
    assert shop("replay", *reversed(ids))[0] == 0
    offsets = {name: found[0].offset() for name, found in shop.replayed().items()}
    assert sorted(offsets, key=lambda name: offsets[name] or 0) == ids


def test_a_letter_that_fails_again_can_go_back_again(shop: Shop) -> None:
    first = shop.bury(b"{", b"u1")
    assert shop("replay", first.result_id)[0] == 0
    (again,) = shop.replayed()[first.result_id]
    second = as_letter(again, headers_of(again), "not_json")
    shop.produce("dead-letters", value=second.model_dump_json(), key=b"u1")
    code, out, _ = shop("replay", "--all", "--yes")
    assert (code, out) == (0, f"1 record sent to {shop.names['reviews']}\n")
    (last,) = shop.replayed()[second.result_id]
    assert marks(last) == [first.result_id.encode(), second.result_id.encode()]


def test_what_cannot_go_back_is_said_and_the_rest_goes(shop: Shop) -> None:
    good = shop.bury(b"{", b"u1")
    sent = shop.produce("reviews", value=b"x", key=b"u2")
    value, size, digest = carry(b"x" * 1_200_000)
    large = as_letter(sent, [], "not_json").model_copy(
        update={"value": value, "value_bytes": size, "value_sha256": digest}
    )
    shop.produce("dead-letters", value=large.model_dump_json(), key=b"u2", headers=[])
    code, out, err = shop("replay", good.result_id, large.result_id, "no-such-letter")
    assert code == 1
    assert out == f"1 record sent to {shop.names['reviews']}\n"
    assert "too large to be carried whole" in err
    assert "there is no dead letter no-such-letter" in err
    assert list(shop.replayed()) == [good.result_id]


def test_who_cannot_be_asked_is_told_and_who_says_no_sends_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.bury(b"{", b"u1")
    assert shop("replay", "--all")[0] == 2
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", declined)
    assert shop("replay", "--all")[0] == 1
    assert shop.replayed() == {}


def declined(_question: str, *, abort: bool) -> bool:
    import click

    assert abort
    raise click.Abort
