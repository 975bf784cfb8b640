"""What the dashboard asks of the broker: dead letters, held reviews, and the record behind an
outcome.

Each call has clients of its own and takes up to some seconds: to be called in a thread.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import orjson
from confluent_kafka import Consumer, TopicPartition

from schemas.codec import encode_result
from schemas.events import ModerationDecision
from schemas.letters import DeadLetter
from schemas.topics import HELD_MS, Role
from streams.config import Settings
from streams.dead_letters import Choice, Letters, plan_replay, replay_letters, without_value
from streams.decisions import tell, waiting
from streams.moderation import require_moderation
from streams.outcomes import reading_options

LOOKED_BACK: Final = timedelta(days=1)
READ_LIMIT_S: Final = 5.0
MILLISECONDS: Final = 1000
SHOWN: Final = 4_000
"""Characters of a held review's text that a list has."""
APPLIED_IN_S: Final = 10.0
"""Within so long a worker has done what was decided. What is not off the list by then waits still:
a worker found it settled otherwise, or there is none."""
REMEMBERED: Final = 10_000
"""Letters that were sent back from here. Whether others were, only a resend finds out: it reads
what the sources received since, which for a list would take far too long."""


@dataclass(frozen=True, kw_only=True)
class Resent:
    """What became of letters that were to be sent back."""

    sent: int
    before: int  # sent back earlier, and left alone
    refused: list[dict[str, str]]  # id and reason
    unknown: list[str]  # ids that no letter has


class Records(Protocol):
    """Records, by their place."""

    def letters(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest dead letters of the last day, newest first.

        `resent` tells of those that are known to have been sent back.
        """
        ...

    def resend(self, ids: frozenset[str]) -> Resent:
        """Send letters back to where their records came from, but for those that were before."""
        ...

    def source(self, topic: str, partition: int, offset: int) -> bytes | None:
        """Return the value of a source's record; None if it is not there any more."""
        ...

    def held(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest reviews that wait for a person, newest first, long texts cut."""
        ...

    def decide(self, decision: ModerationDecision) -> None:
        """Tell the workers what a person decided on a held review."""
        ...


class BrokerRecords:
    """Implements `Records` on a broker; all of it raises `AdminError`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._resent: deque[str] = deque(maxlen=REMEMBERED)
        self._decided: dict[str | None, float] = {}  # ids of holds, and when
        self._sources = {spec.name for spec in settings.named_topics().of(Role.SOURCE)}

    def letters(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest dead letters of the last day, newest first."""
        choice = Choice(since=datetime.now(UTC) - LOOKED_BACK)
        read = map(without_value, Letters(self._settings).read(choice))
        newest = deque(read, maxlen=limit)
        found, done = sorted(newest, key=_produced, reverse=True), set(self._resent)
        return [_as_row(letter, letter.result_id in done) for letter in found]

    def resend(self, ids: frozenset[str]) -> Resent:
        """Send letters back to where their records came from, but for those that were before."""
        plan = plan_replay(self._settings, Choice(ids=ids))
        sent = replay_letters(self._settings, plan, lambda: None)
        self._resent.extend(one.result_id for one in (*plan.send, *plan.replayed))
        return Resent(
            sent=sent,
            before=len(plan.replayed),
            refused=[{"id": one.result_id, "reason": why} for one, why in plan.refused],
            unknown=list(plan.unknown),
        )

    def source(self, topic: str, partition: int, offset: int) -> bytes | None:
        """Return the value of a source's record; None if it is not there any more."""
        if topic not in self._sources:
            return None
        consumer = Consumer(reading_options(self._settings.kafka))
        try:
            consumer.assign([TopicPartition(topic, partition, offset)])
            found = [one for one in consumer.consume(1, READ_LIMIT_S) if not one.error()]
        finally:
            consumer.close()
        return found[0].value() if found and found[0].offset() == offset else None

    def held(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest reviews that wait for a person, newest first, long texts cut."""
        require_moderation(self._settings)
        since_ms = int(time.time() * MILLISECONDS) - HELD_MS
        done = self._just_decided()
        found = waiting(self._settings, since_ms, limit + len(done))
        shown = [replace(one, text=one.text[:SHOWN]) for one in found if one.result_id not in done]
        rows: list[dict[str, Any]] = [orjson.loads(encode_result(one)) for one in shown[:limit]]
        return rows

    def decide(self, decision: ModerationDecision) -> None:
        """Tell the workers what a person decided on a held review."""
        require_moderation(self._settings)
        tell(self._settings, decision)
        self._decided[decision.held_id] = time.monotonic()

    def _just_decided(self) -> Collection[str | None]:
        since = time.monotonic() - APPLIED_IN_S
        self._decided = {one: at for one, at in self._decided.items() if at > since}
        return self._decided


def _produced(letter: DeadLetter) -> datetime:
    return letter.produced_at


def _as_row(letter: DeadLetter, is_resent: bool) -> dict[str, Any]:
    row = letter.model_dump(mode="json", exclude={"key", "value", "headers", "value_sha256"})
    return {**row, "resent": is_resent}
