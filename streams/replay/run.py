"""The order of things in a replay, with rate, limit and waiting for outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from inference.files.readers import read_rows
from streams.admin import require_topics
from streams.config import Settings
from streams.outcome_ledger import Ledger
from streams.outcomes import OutcomeReader, source_ends
from streams.replay.accuracy import accuracy
from streams.replay.events import Recipe, Record, records
from streams.replay.producer import Delivered, Sender

DEFAULT_TIMEOUT_S: Final = 60.0

_LOOK_INTERVAL_S: Final = 0.1
_READ_WAIT_S: Final = 0.2
_QUIET_S: Final = 0.5
"""After the last outcome: a repeat that follows on its heels is still counted."""

Progress = Callable[[int, int], None]
"""Told of the records confirmed and of the events with an outcome so far."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One file to be sent."""

    path: Path
    recipe: Recipe
    rate: float | None = None  # records a second; None is as fast as the broker takes them
    limit: int | None = None  # records; None is all


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a replay."""

    events: int
    outcomes: int
    missing: int
    duplicates: int
    dead_letters: int
    events_per_s: float  # from the first record sent to the last outcome read
    accuracy: float | None  # of the events with a label and a result; None where there are none

    def as_json(self) -> dict[str, Any]:
        """Return the report for a machine, without an accuracy where there is none."""
        fields = asdict(self)
        if self.accuracy is None:
            del fields["accuracy"]
        return fields


def replay(settings: Settings, plan: Plan, progress: Progress) -> int:
    """Send the file and return how many records the broker confirmed.

    Raises `FilesError` for a file or a column and `ReplayError` for a record that will not do,
    `AdminError` where broker or topic are not there.
    """
    wanted = _wanted(plan)
    require_topics(settings, [_topic(settings, plan)])
    confirmed = 0

    def count(*_confirmed: object) -> None:
        nonlocal confirmed
        confirmed += 1

    _send_all(settings, plan, wanted, count, lambda: progress(confirmed, 0))
    return confirmed


def replay_and_wait(settings: Settings, plan: Plan, timeout_s: float, progress: Progress) -> Report:
    """Send the file, wait for all outcomes and return what became of it.

    Gives up after `timeout_s` without any progress. Raises what `replay` raises.
    """
    wanted = _wanted(plan)
    reader = OutcomeReader(settings)
    try:
        ledger = Ledger(source_ends(settings, [_topic(settings, plan)]))
        wait = _Wait(reader, ledger, progress)
        _send_all(settings, plan, wanted, _into(ledger), wait.look)
        wait.until_done(timeout_s)
        return wait.report()
    finally:
        reader.close()


def _into(ledger: Ledger) -> Delivered:
    def delivered(topic: str, partition: int, offset: int, record: Record) -> None:
        ledger.produced(topic, partition, offset, record.label)

    return delivered


def _wanted(plan: Plan) -> Iterator[Record]:
    """Return what is to be sent, the first rows looked at: before any broker is asked."""
    return islice(records(read_rows(plan.path), plan.recipe), plan.limit)


def _send_all(
    settings: Settings,
    plan: Plan,
    wanted: Iterable[Record],
    delivered: Delivered,
    look: Callable[[], None],
) -> None:
    """Send all records, calling `look` some times a second."""
    topic = _topic(settings, plan)
    begun = looked = time.monotonic()
    with Sender(settings.kafka, delivered) as sender:
        for sent, record in enumerate(wanted):
            if plan.rate is not None:
                _await_turn(sender, begun + sent / plan.rate, look)
            sender.send(topic, record)
            if time.monotonic() - looked >= _LOOK_INTERVAL_S:
                look()
                looked = time.monotonic()
        sender.flush(look)
        sender.check()


def _await_turn(sender: Sender, due: float, look: Callable[[], None]) -> None:
    while (left := due - time.monotonic()) > 0:
        sender.wait(min(left, _LOOK_INTERVAL_S))
        look()


def _topic(settings: Settings, plan: Plan) -> str:
    return settings.named_topics()[plan.recipe.kind.topic_id].name


class _Wait:
    """Takes outcomes in while records are sent, and afterwards until all are there."""

    def __init__(self, reader: OutcomeReader, ledger: Ledger, progress: Progress) -> None:
        self._reader = reader
        self._ledger = ledger
        self._progress = progress
        self._begun = self._last = time.monotonic()

    def look(self) -> None:
        """Take in what is there."""
        self._take(0.0)

    def until_done(self, timeout_s: float) -> None:
        """Take outcomes in until all are there or none came for `timeout_s`."""
        self._last = time.monotonic()
        while self._ledger.done < self._ledger.events:
            self._take(_READ_WAIT_S)
            if time.monotonic() - self._last > timeout_s:
                return
        finished = self._last
        self._take(_QUIET_S)
        self._last = finished

    def report(self) -> Report:
        """Return what is known now."""
        tally = self._ledger.tally()
        seconds = max(self._last - self._begun, 1e-9)
        return Report(
            **asdict(tally),
            events_per_s=round(tally.outcomes / seconds, 1),
            accuracy=accuracy(self._ledger.judged()),
        )

    def _take(self, wait_s: float) -> None:
        before = self._ledger.done
        for record in self._reader.read(wait_s):
            self._ledger.outcome(record)
        if self._ledger.done > before:
            self._last = time.monotonic()
        self._progress(self._ledger.events, self._ledger.done)
