"""What a message wants: the intent row, read with care and with the turns before it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo
from typing import Final

from inference.tasks.facts import Turn
from inference.tasks.intents import ALWAYS_A_PERSON, ORDER_INTENTS, SMALL_TALK, Intent
from schemas.results import HandOffReason, Outcome


@dataclass(frozen=True, kw_only=True)
class ReplyPolicy:
    """When a reply is sure enough, and how a shop wants it."""

    threshold: float = 0.5  # probability below which a person answers
    thresholds: Mapping[str, float] = field(default_factory=dict)  # the same, by intent
    margin: float = 0.1  # two intents closer than this are not told apart
    comfort: float = 0.65  # below it one answer is risked, but not two in a row
    repeats: int = 2  # times that a question is answered before a person takes over
    window: timedelta = timedelta(minutes=30)  # earlier turns are another conversation
    other_language: bool = False  # answer in the other language rather than not at all
    zone: tzinfo = UTC  # whose days are named

    def threshold_of(self, intent: str) -> float:
        """Return the probability from which `intent` is answered."""
        return self.thresholds.get(intent, self.threshold)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a message wants, as far as it is clear."""

    intent: str
    confidence: float  # 0 to 1
    clear: bool  # sure enough, and no other intent as likely
    order_id: str | None = None  # of the turn that it follows up


def read_intent(row: Sequence[float], labels: Sequence[str], policy: ReplyPolicy) -> Reading:
    """Return the most likely intent; raises `ValueError` where row and labels do not fit.

    Small talk gives way: in "hi, where is my parcel" the greeting is set aside and the rest is
    judged as if it stood alone. Someone who may want a person, or may be complaining, is as good
    as one who does.
    """
    if len(row) != len(labels) or not labels:
        raise ValueError(f"{len(labels)} probabilities expected, got {len(row)}")
    ranked = sorted(zip(map(float, row), labels, strict=True), key=lambda pair: -pair[0])
    (first, intent), (second, runner_up) = ranked[0], ranked[1] if len(ranked) > 1 else (0.0, "")
    close = first - second < policy.margin
    if close and intent in SMALL_TALK and runner_up not in SMALL_TALK:
        rest = [p if label not in SMALL_TALK else 0.0 for p, label in zip(row, labels, strict=True)]
        return read_intent([float(p) / sum(rest) for p in rest], labels, policy)
    if close and runner_up in ALWAYS_A_PERSON and intent not in ALWAYS_A_PERSON:
        first, intent, close = second, runner_up, False
    if intent in ALWAYS_A_PERSON or runner_up in SMALL_TALK:
        close = False
    sure = first >= policy.threshold_of(intent)
    return Reading(intent=intent, confidence=min(1.0, first), clear=sure and not close)


_LONGEST_FOLLOW_UP: Final = {"words": 6, "characters": 12}

_FOLLOWS = re.compile(
    r"^(?:(?:and|so|ok(?:ay)?|but|then)[\s,]+)*"
    r"(?:when\b|where\b|by when|how long|how soon|how much longer|what about|how about|what time"
    r"|which day|why\b|still\b|any (?:news|update))"
    r"|什么时候|啥时候|几时|何时|多久|哪天|哪一天|几号|几点|几天|到哪|在哪|为什么|还没|有消息|^那|呢[？?]?$",
    re.IGNORECASE,
)
_ABOUT_ARRIVAL = re.compile(
    r"\b(?:arriv\w*|deliver\w*|ship\w*|come|get here|parcel|package)\b|到|送|发货|快递|包裹|收货",
    re.IGNORECASE,
)
_GIVES_WAY: Final = frozenset(
    {Intent.ORDER_STATUS, Intent.SHIPPING_INFO, Intent.OUT_OF_SCOPE, Intent.REFUND_STATUS}
)
"""What a model makes of "when?" that it sees without the turn before."""


def resolved(reading: Reading, text: str, earlier: Sequence[Turn], names_order: bool) -> Reading:
    """Return what a short follow-up such as "and when?" wants, given the turns before it.

    `names_order` says that the message names an order: "what about A2" takes the last wish with
    another order. A message that is clear by itself is left as it is.
    """
    last = next((turn for turn in reversed(earlier) if turn.intent not in SMALL_TALK), None)
    if last is None or last.intent not in ORDER_INTENTS or not _is_short(text):
        return reading
    if last.reason is HandOffReason.UNSURE:  # what was not understood is no wish to follow up
        return reading
    if reading.clear and reading.intent not in _GIVES_WAY:
        return reading
    if not _FOLLOWS.search(text.strip()) and not (names_order and not reading.clear):
        return reading
    intent = last.intent
    if intent != Intent.REFUND_STATUS and _ABOUT_ARRIVAL.search(text):
        intent = Intent.ORDER_STATUS
    order_id = None if names_order else last.order_id
    return replace(
        reading, intent=intent, confidence=last.confidence, clear=True, order_id=order_id
    )


def _is_short(text: str) -> bool:
    stripped = text.strip()
    if stripped.isascii():
        return len(stripped.split()) <= _LONGEST_FOLLOW_UP["words"]
    return len(stripped) <= _LONGEST_FOLLOW_UP["characters"]


def doubtful_again(reading: Reading, earlier: Sequence[Turn], policy: ReplyPolicy) -> bool:
    """Whether this would be the second answer in a row that is none too sure."""
    if not earlier or reading.confidence >= policy.comfort:
        return False
    return earlier[-1].intent not in SMALL_TALK and earlier[-1].confidence < policy.comfort


def asked_too_often(question: str, earlier: Sequence[Turn], policy: ReplyPolicy) -> bool:
    """Whether the same question was answered `repeats` times already, to no avail."""
    same = (t for t in earlier if t.question == question and t.outcome is Outcome.RESULT)
    return sum(1 for _ in same) >= policy.repeats
