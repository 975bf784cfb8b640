from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.outcome_ledger import Ledger, Tally, parse_result_id
from streams.outcomes import ResultRecord

TOPIC = "shop-reviews"


def outcome(offset: int, topic_id: str = "review-labels", **value: Any) -> ResultRecord:
    body = {"result_id": f"{TOPIC}-0-{offset}-sentiment"} | value
    return ResultRecord(topic_id=topic_id, timestamp_ms=0, key=None, value=body)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("reviews-0-17-sentiment", ("reviews", 0, 17, "sentiment")),
        ("my-shop-1-reviews-3-4-reply", ("my-shop-1-reviews", 3, 4, "reply")),
        ("reviews-x-17-sentiment", None),
        ("reviews-²-17-sentiment", None),
        ("", None),
    ],
)
def test_result_ids_are_taken_apart(text: str, place: tuple[str, int, int, str] | None) -> None:
    assert parse_result_id(text) == place


events = st.lists(st.integers(min_value=5, max_value=60), unique=True)


@given(events, st.lists(st.integers(min_value=0, max_value=80)), st.randoms(use_true_random=False))
def test_the_order_of_sending_and_answering_changes_nothing(
    sent: list[int], answered: list[int], random: Any
) -> None:
    ledger = Ledger({(TOPIC, 0): 5})
    steps: list[tuple[str, int]] = [("sent", n) for n in sent] + [("got", n) for n in answered]
    random.shuffle(steps)
    for kind, offset in steps:
        if kind == "sent":
            ledger.produced(TOPIC, 0, offset)
        else:
            ledger.outcome(outcome(offset, "dead-letters" if offset % 7 == 0 else "review-labels"))
    ours = set(sent)
    found = ours & set(answered)
    assert ledger.tally() == Tally(
        events=len(ours),
        outcomes=len(found),
        missing=len(ours - found),
        duplicates=sum(n in ours for n in answered) - len(found),
        dead_letters=sum(n % 7 == 0 for n in found),
    )


def test_truths_meet_the_ranking_of_labels_also_when_the_outcome_is_first() -> None:
    ledger = Ledger({(TOPIC, 0): 0})
    ledger.outcome(outcome(0, scores={"negative": 0.1, "positive": 0.9}))
    ledger.produced(TOPIC, 0, 0, "1")
    ledger.produced(TOPIC, 0, 1, "0")
    assert dict(ledger.judged()) == {("1", ("positive", "negative")): 1}


@pytest.mark.parametrize("result_id", [None, "x", "other-0-1-sentiment", 7])
def test_outcomes_of_others_are_ignored(result_id: Any) -> None:
    ledger = Ledger({(TOPIC, 0): 0})
    ledger.produced(TOPIC, 0, 1)
    ledger.outcome(outcome(1, result_id=result_id))
    assert ledger.tally().missing == 1


def test_an_event_takes_a_few_bytes() -> None:
    ledger = Ledger({(TOPIC, 0): 0})
    tracemalloc.start()
    for offset in range(100_000):
        ledger.produced(TOPIC, 0, offset, "1")
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / 100_000 < 16  # bytes an event
