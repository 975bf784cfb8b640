"""One outcome as one readable line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from streams.cli.printable import harmless_values
from streams.outcomes import ResultRecord

Value = Mapping[str, Any]

LABEL_STYLES = {"negative": "red", "neutral": "yellow", "positive": "green"}
DECISION_STYLES = {"allow": "green", "hold": "yellow", "reject": "red"}
MILLISECONDS = 1000
STRONGEST = 3
"""Words of an explanation that a line has room for."""


def outcome_line(record: ResultRecord) -> Text:
    """Return time, topic and what matters of an outcome; nothing in it steers a terminal."""
    value = harmless_values(record.value)
    at = datetime.fromtimestamp(record.timestamp_ms / MILLISECONDS)
    line = Text.assemble((f"{at:%H:%M:%S} ", "dim"), (f"{record.topic_id:<15} ", "bold"))
    line.append(_DETAILS.get(record.topic_id, _unknown)(value))
    line.append(f"  {value.get('result_id', '')}", style="dim")
    return line


def _label(value: Value) -> Text:
    label = str(value.get("sentiment"))
    return Text.assemble(
        (f"{label} ", LABEL_STYLES.get(label, "cyan")),
        f"{value.get('score', 0):.2f} ",
        decision_mark(value),
        f"review {value.get('review_id')} of {value.get('product_id')}",
        *_aspects(value),
        explanation_mark(value),
    )


def _aspects(value: Value) -> Iterator[tuple[str, str]]:
    """Yield what a review speaks of, in the colour of how it does."""
    for one in value.get("aspects", ()):
        yield f" {one.get('name')}", LABEL_STYLES.get(str(one.get("sentiment")), "cyan")


def explanation_mark(value: Value) -> Text:
    """Return the words that moved a review's score most; nothing where nobody asked for them."""
    words = (value.get("explanation") or {}).get("words", [])
    strongest = sorted(words, key=lambda one: -abs(one["weight"]))[:STRONGEST]
    told = ", ".join(f"{one['text']} {one['weight']:+.2f}" for one in strongest if one["weight"])
    return Text(f" ({told})" if told else "", style="dim")


def decision_mark(value: Value) -> Text:
    """Return what was decided on a review and for what; nothing where it was simply allowed."""
    decision, by = str(value.get("decision")), value.get("decided_by")
    if decision not in DECISION_STYLES or (decision == "allow" and by != "person"):
        return Text()
    why = " by a person" if by == "person" else ""
    if not why and (attributes := [str(one.get("attribute")) for one in value.get("reasons", [])]):
        why = f" for {', '.join(attributes)}"
    return Text(f"{decision}{why} ", style=DECISION_STYLES[decision])


def _held(value: Value) -> Text:
    mark = decision_mark({**value, "decision": "hold"})
    return Text.assemble(mark, str(value.get("text") or ""))


def _decision(value: Value) -> Text:
    effect = str(value.get("effect")).replace("_", " ")
    return Text.assemble(
        (f"{value.get('decision')} ", DECISION_STYLES.get(str(value.get("decision")), "cyan")),
        f"{effect}: review {value.get('review_id')} of {value.get('user_id')}",
    )


def _reply(value: Value) -> Text:
    return Text.assemble(
        (f"{value.get('intent')} {value.get('confidence', 0):.2f} ", "cyan"),
        str(value.get("text") or ""),
    )


def _hand_off(value: Value) -> Text:
    why = value.get("reason") or value.get("outcome")
    return Text.assemble((f"{why} ", "yellow"), _reply(value))


def _recommendations(value: Value) -> Text:
    items = value.get("items", [])
    titles = ", ".join(str(item.get("title")) for item in items) or "nothing"
    return Text.assemble((f"{value.get('user_id')} ", "cyan"), titles)


def _dead_letter(value: Value) -> Text:
    return Text.assemble((f"{value.get('code')} ", "red"), str(value.get("reason")))


def _agreement(value: Value) -> Text:
    compared, agreeing = value.get("compared", 0), value.get("agreeing")
    share = "" if agreeing is None or not compared else f" {agreeing / compared:.1%} alike,"
    names = [str((value.get(one) or {}).get("name")) for one in ("in_use", "candidate")]
    return Text.assemble(
        (f"{value.get('slot')} ", "cyan"),
        f"{names[0]} and {names[1]}: {compared} compared,{share} ",
        f"distance {value.get('mean_distance', 0):.4f}",
    )


def _unknown(value: Value) -> Text:
    return Text(", ".join(f"{name}={content}" for name, content in value.items()))


_DETAILS: Mapping[str, Callable[[Value], Text]] = {
    "review-labels": _label,
    "held-reviews": _held,
    "review-decisions": _decision,
    "replies": _reply,
    "handoffs": _hand_off,
    "recommendations": _recommendations,
    "dead-letters": _dead_letter,
    "model-agreement": _agreement,
}
