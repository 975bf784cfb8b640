"""What the dashboard reads from a real broker, and what it sends back there."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.web.records import BrokerRecords, Resent
from tests.integration.test_dead_letters import Shop

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def shop(kafka: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shop:
    return Shop(kafka, capsys, tmp_path)


def test_letters_are_listed_and_sent_back_once(shop: Shop) -> None:
    first, second = shop.bury(b"no json", b"u1"), shop.bury(b"nor this", b"u2")
    records = BrokerRecords(shop.settings)
    rows = records.letters(10)
    assert {row["result_id"] for row in rows} == {first.result_id, second.result_id}
    assert not any("value" in row or "key" in row or row["resent"] for row in rows)
    assert len(records.letters(1)) == 1

    wanted = frozenset({first.result_id, "no-such-letter"})
    assert records.resend(wanted) == Resent(
        sent=1, before=0, refused=[], unknown=["no-such-letter"]
    )
    assert records.resend(frozenset({first.result_id})).before == 1
    assert list(shop.replayed()) == [first.result_id]
    resent = {row["result_id"] for row in records.letters(10) if row["resent"]}
    assert resent == {first.result_id}


def test_the_record_behind_an_outcome_is_read(shop: Shop) -> None:
    letter = shop.bury("<b>很好</b>".encode(), b"u1")
    records, source = BrokerRecords(shop.settings), letter.source
    found = records.source(source.topic, source.partition, source.offset)
    assert found == "<b>很好</b>".encode()
    assert records.source(shop.names["dead-letters"], 0, 0) is None  # no source: not shown
