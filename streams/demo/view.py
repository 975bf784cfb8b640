"""The screen: what comes in, what becomes of it, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.layout import Layout
from rich.text import Text

from streams.cli.lines import LABEL_STYLES, decision_mark
from streams.cli.printable import harmless_values
from streams.demo.state import DemoState, Entry

WIDE_COLUMNS = 130
"""From here on two sections stand side by side."""

_SECTION_STYLE = "bold reverse"


class Section:
    """A title and as many entries as there is room for, the newest first."""

    def __init__(
        self, title: str, entries: Iterable[Entry], lines: Callable[[Entry], list[Text]]
    ) -> None:
        self._title = title
        self._entries = entries
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the title and the entries, each line cut to the width."""
        yield _cut(Text(f" {self._title}".ljust(options.max_width), style=_SECTION_STYLE), options)
        room = (options.height or options.size.height) - 1
        for entry in self._entries:
            lines = self._lines(_harmless(entry))
            if len(lines) > room:
                return
            room -= len(lines)
            for line in lines:
                yield _cut(line, options)


def screen(state: DemoState, now: float, width: int) -> Layout:
    """Return the whole screen for a terminal of `width` columns."""
    reviews = Section("Reviews", state.entries("review-labels"), review_lines)
    messages = Section("Messages", state.entries("replies", "handoffs"), message_lines)
    buyers = Section("Recommendations", state.entries("recommendations"), recommendation_lines)
    broken = Section("Dead letters", state.entries("dead-letters"), dead_letter_lines)
    root = Layout()
    root.split_column(Layout(headline(state, now), size=2), Layout(name="body"))
    if width >= WIDE_COLUMNS:
        left, right = Layout(), Layout()
        left.split_column(Layout(reviews, ratio=3), Layout(broken, ratio=1))
        right.split_column(Layout(messages, ratio=3), Layout(buyers, ratio=2))
        root["body"].split_row(left, Layout(Text(" "), size=2), right)
    else:
        root["body"].split_column(
            Layout(reviews, ratio=6),
            Layout(messages, ratio=8),
            Layout(buyers, ratio=5),
            Layout(broken, ratio=4),
        )
    return root


def headline(state: DemoState, now: float) -> Group:
    """Return the counts, the speed and how to leave."""
    latency = state.latency()
    ledger = state.ledger
    speed = Text.assemble(
        ("shopstreams ", "bold"),
        f"{state.rate(now):.1f} events/s  ",
        f"p50 {_milliseconds(latency.p50)}  p99 {_milliseconds(latency.p99)}  ",
        ("Ctrl-C ends", "dim"),
    )
    counts = Text(
        f"{ledger.events} events in, {ledger.done} with an outcome, "
        f"{ledger.events - ledger.done} on their way",
        style="dim",
    )
    return Group(speed, counts)


def review_lines(entry: Entry) -> list[Text]:
    """Return a review with its label and score, and what was decided on it."""
    label = str(entry.value.get("sentiment"))
    line = Text.assemble(
        (f" {label:<8} ", LABEL_STYLES.get(label, "cyan")),
        (f"{entry.value.get('score', 0):.2f} ", "dim"),
        decision_mark(entry.value),
        _said(entry.event.get("text")),
    )
    return [line]


def message_lines(entry: Entry) -> list[Text]:
    """Return a customer's message and what was answered, or why a person takes over."""
    question = Text.assemble((" > ", "cyan"), _said(entry.event.get("text")))
    outcome = entry.value.get("outcome")
    reason = entry.value.get("reason") or outcome
    is_reply = outcome == "result"
    said = ("   ", "") if is_reply else ("   to a person: ", "yellow")
    why = "" if is_reply else f"{str(reason).replace('_', ' ')}. "
    return [question, Text.assemble(said, why, _said(entry.value.get("text")), style="dim")]


def recommendation_lines(entry: Entry) -> list[Text]:
    """Return a customer with the first items and why."""
    items = entry.value.get("items") or [{"title": "nothing yet", "text": ""}]
    first, *others = items
    line = Text.assemble(
        (f" {entry.value.get('user_id')} ", "cyan"),
        _said(first.get("title")),
        (f"  {_said(first.get('text'))}", "dim"),
    )
    if others:
        line.append(f"  +{len(others)} more", style="dim")
    return [line]


def dead_letter_lines(entry: Entry) -> list[Text]:
    """Return why a record could not be worked on."""
    source = entry.value.get("source", {})
    return [
        Text.assemble(
            (f" {source.get('topic')}-{source.get('partition')}@{source.get('offset')} ", "red"),
            _said(entry.value.get("reason")),
        )
    ]


def _cut(text: Text, options: ConsoleOptions) -> Text:
    # By cells, not characters: a Chinese character is two cells wide.
    text.truncate(options.max_width, overflow="ellipsis")
    text.no_wrap = True
    return text


def _harmless(entry: Entry) -> Entry:
    return replace(entry, value=harmless_values(entry.value), event=harmless_values(entry.event))


def _said(value: object) -> str:
    return "" if value is None else str(value).strip()


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"
