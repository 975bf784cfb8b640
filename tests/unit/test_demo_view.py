from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from streams.demo.state import DemoState
from streams.demo.view import screen
from streams.outcome_ledger import Ledger
from streams.outcomes import ResultRecord
from streams.replay.events import Record

TEXTS = ("水壶烧水很快，外观也漂亮，" * 8, "The kettle boils fast,\nand looks\x1b[2J good. " * 8)
TASKS = {"reviews": "sentiment", "queries": "reply", "orders": "recommend"}
SENT_MS = 1_000


def result(number: int, source: str) -> tuple[str, dict[str, Any]]:
    item = {"title": "电热水壶 kettle", "text": "goes with the cup that you bought"}
    match source:
        case _ if number % 10 == 9:
            return "dead-letters", {"reason": "the record is not UTF-8"}
        case "reviews":
            held = {"decision": "hold", "reasons": [{"attribute": "insult"}]}
            label = {"sentiment": "positive", "score": 0.97}
            return "review-labels", label | (held if number == 57 else {})
        case "queries" if number % 4 == 0:
            return "handoffs", {"text": TEXTS[0], "reason": "asked_for"}
        case "queries":
            return "replies", {"text": TEXTS[0]}
        case _:
            return "recommendations", {"user_id": "u1", "items": [item] * 3}


def filled(count: int = 60) -> DemoState:
    state = DemoState(Ledger({(source, 0): 0 for source in TASKS}))
    for number in range(count):
        source = list(TASKS)[number % 3]
        event = {"text": TEXTS[number % 2]}
        state.delivered(source, 0, number, Record(key=None, value=json.dumps(event).encode()))
        topic_id, value = result(number, source)
        place = {"topic": source, "partition": 0, "offset": number, "timestamp_ms": SENT_MS}
        value |= {"result_id": f"{source}-0-{number}-{TASKS[source]}", "source": place}
        value |= {"produced_at": f"{number:04}"}
        record = ResultRecord(
            topic_id=topic_id, timestamp_ms=SENT_MS + number, key=None, value=value
        )
        state.outcome(record, number / 10)
    return state


def drawn(state: DemoState, width: int, height: int) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, legacy_windows=False)
    console.print(screen(state, 6.0, width), height=height)
    return file.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (200, 60), (40, 12)])
@pytest.mark.parametrize("count", [0, 60])
def test_the_screen_fits_its_terminal(size: tuple[int, int], count: int) -> None:
    lines = drawn(filled(count), *size)
    assert len(lines) == size[1]
    assert {cell_len(line) for line in lines} == {size[0]}
    assert "\x1b" not in "".join(lines)


def test_each_kind_of_outcome_is_on_a_small_screen() -> None:
    shown = "\n".join(drawn(filled(), 80, 24))
    for words in (
        "positive 0.97 水壶烧水很快",
        "positive 0.97 hold for insult The kettle",
        "to a person: asked for",
        "电热水壶 kettle",
        "the record is not UTF-8",
        "60 events in, 60 with an outcome, 0 on their way",
        "p50 29 ms",
    ):
        assert words in shown


def test_nothing_that_was_sent_steers_the_terminal() -> None:
    state, steering = filled(60), "\x1b]0;owned\x07\x9b2J\u202e"
    for topic_id in ("review-labels", "replies", "handoffs", "recommendations", "dead-letters"):
        fields = ("sentiment", "text", "reason", "user_id", "outcome")
        value: dict[str, Any] = dict.fromkeys(fields, steering)
        value |= {"items": [{"title": steering, "text": steering}], "produced_at": "9"}
        value |= {"source": {"topic": steering}}
        record = ResultRecord(topic_id=topic_id, timestamp_ms=SENT_MS, key=None, value=value)
        state.outcome(record, 0.0)
    shown = drawn(state, 160, 50)
    assert all(line.isprintable() for line in shown)
    assert "\\x1b]0;owned" in "".join(shown)


def test_the_report_counts_and_measures() -> None:
    report = filled().report()
    assert (report["events_in"], report["outcomes"], report["missing"]) == (60, 60, 0)
    assert report["dead_letters"] == report["by_topic"]["dead-letters"] == 6
    assert report["latency_ms"] == {"p50": 29.0, "p99": 59.0}
