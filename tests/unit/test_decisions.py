"""What waits for a person, and how the page sends what one decides."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from schemas.codec import Decoder
from schemas.events import ModerationDecision, Verdict
from schemas.mapping import FieldMap
from streams import decisions
from streams.config import Settings
from streams.config_sources import ConfigError
from streams.decisions import newest_unsettled, record_of, tell
from streams.replay.errors import DeliveryError
from streams.web import records
from streams.web.records import BrokerRecords
from tests.pages import free_port

START = datetime(2026, 3, 1, tzinfo=UTC)
DECISIONS = "moderation-decisions"
PLACE = {"topic": "reviews", "partition": 0, "offset": 0, "timestamp_ms": 0}
TIMES = dict.fromkeys(("wait_ms", "decode_ms", "queue_ms", "compute_ms", "total_ms"), 0.0)


def hold(number: int, review: str | None = None, **other: Any) -> bytes:
    fields: dict[str, Any] = {
        "result_id": f"reviews-0-{number}-sentiment",
        "outcome": "held",
        "source": PLACE,
        "model": None,
        "timings": TIMES,
        "produced_at": START + timedelta(minutes=number),
        "review_id": review or f"r{number}",
        "user_id": "u",
        "product_id": "p",
        "text": "you pig",
        "rating": None,
        "language": "en",
        "sentiment": "negative",
        "score": 0.9,
        "scores": {"negative": 0.9},
        "attributes": {"insult": 0.9},
        "reasons": [],
        "moderation_model": None,
        "created_at": START,
    }
    return bytes(memoryview(orjson.dumps(fields | other)))  # its own have room behind them


def listed(values: Iterable[bytes], *settled: int, limit: int = 10) -> list[str]:
    ids = {f"reviews-0-{number}-sentiment" for number in settled}
    return [one.result_id for one in newest_unsettled(values, ids, limit)]


def ids(*numbers: int) -> list[str]:
    return [f"reviews-0-{number}-sentiment" for number in numbers]


# -- what waits


def test_the_newest_are_listed_first() -> None:
    assert listed([hold(1), hold(3), hold(2)], limit=2) == ids(3, 2)


def test_what_a_person_settled_waits_no_more() -> None:
    assert listed([hold(1), hold(2), hold(3)], 2) == ids(3, 1)


def test_of_a_review_only_its_latest_hold_counts() -> None:
    assert listed([hold(1, "r"), hold(2, "r")]) == ids(2)
    assert listed([hold(1, "r"), hold(2, "r")], 1) == ids(2)
    assert listed([hold(1, "r"), hold(2, "r")], 2) == []
    assert listed([hold(1, "r"), hold(2, "r", user_id="v")]) == ids(2, 1)


def test_what_another_release_wrote_takes_no_place() -> None:
    values = [hold(1), hold(2, sentiment=None), b"{}", b"no json", hold(3, produced_at="?")]
    assert listed(values, limit=1) == ids(1)


def test_a_months_holds_cost_little_more_than_their_bytes() -> None:
    def month() -> Iterator[bytes]:
        return (hold(number, text="x" * 1_000) for number in range(2_000))

    size = sum(map(len, month()))
    tracemalloc.start()
    newest_unsettled(month(), set(), 5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * size


def test_settled_holds_are_not_kept() -> None:
    tracemalloc.start()
    newest_unsettled((hold(n) for n in range(2_000)), set(ids(*range(2_000))), 5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000 * len(hold(0)) / 2


# -- what is sent


def decided(held_id: str | None = "shop-reviews-2-9-sentiment") -> ModerationDecision:
    return ModerationDecision(
        review_id="r",
        user_id="u",
        held_id=held_id,
        decision=Verdict.REJECT,
        decided_by="dashboard",
        created_at=START,
    )


def test_a_decision_goes_to_the_partition_that_its_hold_lies_in() -> None:
    record = record_of(Settings(), decided())
    assert (record.key, record.partition) == (b"u", 2)


@pytest.mark.parametrize("held_id", [None, "of a shop's own"])
def test_a_decision_that_names_no_hold_goes_to_its_authors_partition(held_id: str | None) -> None:
    assert record_of(Settings(), decided(held_id)).partition is None


@pytest.mark.parametrize(
    "paths",
    [{}, {"review_id": "review.id", "user_id": "review.author", "decision": "verdict"}],
)
def test_the_workers_read_what_is_sent_as_they_read_the_shops_own(paths: dict[str, str]) -> None:
    record = record_of(_with_paths(paths), decided())
    decoder = Decoder(ModerationDecision, FieldMap(ModerationDecision, paths))
    assert decoder.decode(record.value) == decided()
    assert ("verdict" in orjson.loads(record.value or b"")) is bool(paths)


def test_paths_by_which_no_decision_can_be_written_are_named() -> None:
    paths = {"review_id": "id", "held_id": "id"}
    with pytest.raises(
        ConfigError, match=r"\[fields\.moderation-decisions\] '.*_id' cannot be told from"
    ):
        record_of(_with_paths(paths), decided())


def test_nobody_waits_long_for_a_broker_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "SENT_IN_S", 0.5)
    settings = Settings.model_validate(
        {
            "moderation": {"enabled": True},
            "kafka": {"bootstrap_servers": f"127.0.0.1:{free_port()}"},
        }
    )
    start = time.monotonic()
    with pytest.raises(DeliveryError, match="1 record was not taken"):
        tell(settings, decided())
    assert time.monotonic() - start < 5


def _with_paths(paths: dict[str, str]) -> Settings:
    return Settings(fields={DECISIONS: paths})


# -- the page's list


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr("streams.web.records.time.monotonic", one)
    return one


def test_what_was_decided_on_is_off_the_list_for_some_seconds(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is as the workers have it: they may have found that it was settled otherwise."""
    settings = Settings.model_validate({"moderation": {"enabled": True}})
    sent: list[ModerationDecision] = []
    monkeypatch.setattr(records, "tell", lambda _, decision: sent.append(decision))
    monkeypatch.setattr(
        records, "waiting", lambda *more: newest_unsettled([hold(1), hold(2)], set(), more[-1])
    )
    page = BrokerRecords(settings)
    page.decide(decided(ids(2)[0]))
    assert [one["result_id"] for one in page.held(1)] == ids(1)
    clock.now += records.APPLIED_IN_S + 1
    assert [one["result_id"] for one in page.held(1)] == ids(2)
    assert [one.held_id for one in sent] == ids(2)
