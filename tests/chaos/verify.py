"""The comparison: every input with its outcome, every table with the truth, one by one.

The truth comes from the inputs alone: an event's number among its user's events says what its
result must count, and what both tables must hold when it was the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.records import TABLES, Outcome, Place, Sent, Write

Held = Mapping[str, Mapping[str, Mapping[str, int]]]
"""What a worker's tables held at its end: table, user, then `count` and `last`."""

LAST_ROUND = -1
"""Where a finding is of the end state and no round can be named."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    round: int
    what: str


@dataclass(kw_only=True)
class Verdict:
    """All findings of a run."""

    events: int
    buried: int = 0  # events whose outcome is a dead letter
    missing: list[Finding] = field(default_factory=list)
    duplicates: list[Finding] = field(default_factory=list)
    reordered: list[Finding] = field(default_factory=list)
    wrong_table_keys: list[Finding] = field(default_factory=list)


def verify(
    inputs: Iterable[Sent], outcomes: Sequence[Outcome], writes: Sequence[Write], held: Held | None
) -> Verdict:
    """Compare a run's inputs with all that came of them.

    `outcomes` and `writes` are in the order of their partitions; `held` is None where no worker
    came to a clean stop, which makes every key of every table wrong.
    """
    known = {one.place: one for one in sorted(inputs, key=lambda one: one.place)}
    verdict = Verdict(events=len(known))
    first = _first_outcomes(known, outcomes, verdict)
    _find_missing(known, first, verdict)
    _find_reordered(known, first, verdict)
    truth = _Truth(known, first)
    verdict.buried = truth.buried
    wrong = _Wrong(truth)
    wrong.check_writes(writes)
    wrong.check_results(known, first)
    wrong.check_end("changelog", _last_writes(writes))
    wrong.check_end("worker", held or {})
    verdict.wrong_table_keys += wrong.found.values()
    return verdict


def _first_outcomes(
    known: Mapping[Place, Sent], outcomes: Sequence[Outcome], verdict: Verdict
) -> dict[Place, Outcome]:
    """Return each input's first outcome in the order of coming; note repeats and strangers."""
    ids: set[str] = set()
    first: dict[Place, Outcome] = {}
    for one in outcomes:
        if one.result_id in ids or one.place in first:
            verdict.duplicates.append(Finding(round=one.round, what=one.result_id))
        elif one.place not in known or not _fits(known[one.place], one):
            verdict.missing.append(Finding(round=one.round, what=f"not of its input: {one}"))
        else:
            first[one.place] = one
        ids.add(one.result_id)
    return first


def _fits(source: Sent, outcome: Outcome) -> bool:
    if outcome.is_letter:
        return outcome.mark == source.digest
    return source.number is not None and outcome.mark == source.review_id


def _find_missing(
    known: Mapping[Place, Sent], first: Mapping[Place, Outcome], verdict: Verdict
) -> None:
    for place, one in known.items():
        if place not in first:
            verdict.missing.append(Finding(round=one.round, what=f"no outcome: {one}"))


def _find_reordered(
    known: Mapping[Place, Sent], first: Mapping[Place, Outcome], verdict: Verdict
) -> None:
    """Within a user, results must lie in one partition in the order of the events."""
    latest: dict[
        str, tuple[int, Place | None]
    ] = {}  # by user: partition of the results, last input
    for place, one in first.items():
        if one.is_letter:
            continue
        source = known[place]
        target, before = latest.get(source.user, (one.target, None))
        if one.target != target or (before is not None and place < before):
            what = f"{source.user}: {place} after {before}, {one.target} not {target}"
            verdict.reordered.append(Finding(round=one.round, what=what))
        latest[source.user] = (target, place if before is None else max(before, place))


class _Truth:
    """What tables must hold after each event."""

    def __init__(self, known: Mapping[Place, Sent], first: Mapping[Place, Outcome]) -> None:
        # By table, user and number of the last event: more than one where the broker got an
        # event twice from its producer, which a crash can do to it.
        self.counts: dict[tuple[str, str, int], list[int]] = {}
        self.last: dict[tuple[str, str], int] = {}  # by table and user: number of the last event
        self.buried = 0
        counted: Counter[tuple[str, str]] = Counter()
        for place, one in known.items():
            if one.number is None:
                continue
            is_buried = place in first and first[place].is_letter
            self.buried += is_buried
            for table in TABLES[:1] if is_buried else TABLES:
                counted[table, one.user] += 1
                counts = self.counts.setdefault((table, one.user, one.number), [])
                counts.append(counted[table, one.user])
                self.last[table, one.user] = one.number

    def is_right(self, table: str, user: str, count: int, last: int) -> bool:
        """Whether this may be what the table held at some time."""
        return count in self.counts.get((table, user, last), ())

    def ends_with(self, table: str, user: str, held: Mapping[str, Any] | None) -> bool:
        """Whether this is what the table must hold in the end."""
        last = self.last[table, user]
        return held == {"count": self.counts[table, user, last][-1], "last": last}


class _Wrong:
    """The keys found wrong, each with what was seen first."""

    def __init__(self, truth: _Truth) -> None:
        self._truth = truth
        self.found: dict[tuple[str, str], Finding] = {}

    def check_writes(self, writes: Sequence[Write]) -> None:
        """Each record of a changelog must be what the table held at some time."""
        for one in writes:
            if not self._truth.is_right(one.table, one.user, one.count, one.last):
                what = f"changelog says {one.count} at {one.last}"
                self._note(one.table, one.user, one.round, what)

    def check_results(self, known: Mapping[Place, Sent], first: Mapping[Place, Outcome]) -> None:
        """Each result must tell what the table held when its event came."""
        for place, outcome in first.items():
            source = known[place]
            if outcome.count is None or source.number is None:
                continue
            if not self._truth.is_right("seen", source.user, outcome.count, source.number):
                what = f"result {source.number} counts {outcome.count}"
                self._note("seen", source.user, outcome.round, what)

    def check_end(self, origin: str, held: Held) -> None:
        """In the end there must be all users with their last state, and no others."""
        for table, user in self._truth.last:
            ends = held.get(table, {}).get(user)
            if not self._truth.ends_with(table, user, ends):
                self._note(table, user, LAST_ROUND, f"{origin} ends with {ends}")
        for table, users in held.items():
            for user in users:
                if (table, user) not in self._truth.last:
                    self._note(table, user, LAST_ROUND, f"{origin} has an unknown user")

    def _note(self, table: str, user: str, round_number: int, what: str) -> None:
        finding = Finding(round=round_number, what=f"{table} {user}: {what}")
        self.found.setdefault((table, user), finding)


def _last_writes(writes: Sequence[Write]) -> Held:
    last: dict[str, dict[str, dict[str, int]]] = {}
    for one in writes:
        last.setdefault(one.table, {})[one.user] = {"count": one.count, "last": one.last}
    return last
