"""Others' texts on a terminal: whatever they hold, it stays a terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import DEFAULT_TOPICS
from streams.cli.lines import outcome_line
from streams.cli.printable import harmless, harmless_values, json_line
from streams.outcomes import ResultRecord

STEERING = "\x1b]0;owned\x07\x9b2J\r\n\u202e\0"
WORDS = ("sentiment", "review_id", "product_id", "user_id", "text", "intent", "reason", "code")


def test_what_is_printed_stays() -> None:
    assert harmless("好 ok 🙂") == "好 ok 🙂"
    assert harmless("a\nb\u3000c\td") == "a b c d"
    assert harmless("a\nb\x1b", frozenset("\n")) == "a\nb\\x1b"


@given(st.text())
def test_any_text_is_one_printable_line(text: str) -> None:
    assert harmless(text).isprintable()


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text() | st.none())))
def test_a_line_of_json_is_printable_and_means_the_same(value: dict[str, Any]) -> None:
    line = json_line(value)
    assert line.isprintable()
    assert json.loads(line) == value


def test_every_text_and_name_inside_is_harmless() -> None:
    value = {STEERING: [{"a": STEERING}, 1, None, True]}
    shown = harmless(STEERING)
    assert harmless_values(value) == {shown: [{"a": shown}, 1, None, True]}


@pytest.mark.parametrize("topic_id", [spec.id for spec in DEFAULT_TOPICS])
def test_no_outcome_steers_the_terminal(topic_id: str) -> None:
    value: dict[str, Any] = dict.fromkeys((*WORDS, "result_id", "decided_by", STEERING), STEERING)
    value |= {"decision": "hold", "reasons": [{"attribute": STEERING}], "slot": STEERING}
    value |= {"aspects": [{"name": STEERING, "sentiment": STEERING}]}
    value |= {"items": [{"title": STEERING}], "in_use": {"name": STEERING}, "effect": STEERING}
    record = ResultRecord(topic_id=topic_id, timestamp_ms=1, key=None, value=value)
    line = outcome_line(record).plain
    assert line.isprintable(), ascii(line)
    assert "owned" in line


def test_a_review_is_told_with_what_it_speaks_of() -> None:
    aspects = [{"name": "price", "sentiment": "negative"}, {"name": "look", "sentiment": "other"}]
    value = {"sentiment": "positive", "review_id": "r", "product_id": "p", "aspects": aspects}
    record = ResultRecord(topic_id="review-labels", timestamp_ms=1, key=None, value=value)
    line = outcome_line(record)
    assert "review r of p price look" in line.plain
    styles = {line.plain[span.start : span.end].strip(): span.style for span in line.spans}
    assert styles["price"] == "red"
