"""What the screen shows and the report says: latest outcomes, rates and latencies."""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import Any, Final

import orjson

from streams.outcome_ledger import DEAD_LETTERS, Ledger, parse_result_id
from streams.outcomes import ResultRecord
from streams.replay.events import Record

SHOWN: Final = 40
"""Entries a section keeps: more than any terminal has lines."""

_REMEMBERED_EVENTS: Final = 2_000
_LATENCIES: Final = 100_000
_RATE_WINDOW_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An outcome beside the event that it is of."""

    topic_id: str
    value: dict[str, Any]
    event: dict[str, Any]  # empty where the record is broken or long past
    latency_ms: float


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Milliseconds from an event's Kafka timestamp to its outcome's."""

    p50: float | None
    p99: float | None


class DemoState:
    """Takes events and outcomes in; the one owner of what is shown."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.by_topic: Counter[str] = Counter()
        self.latest: dict[str, deque[Entry]] = {}
        self._events: OrderedDict[tuple[str, int, int], bytes | None] = OrderedDict()
        self._latencies = array("d")
        self._times: deque[float] = deque()

    def delivered(self, topic: str, partition: int, offset: int, record: Record) -> None:
        """Remember an event that the broker took."""
        self.ledger.produced(topic, partition, offset)
        self._events[topic, partition, offset] = record.value
        if len(self._events) > _REMEMBERED_EVENTS:
            self._events.popitem(last=False)

    def outcome(self, record: ResultRecord, now: float) -> None:
        """Take an outcome in; `now` is in seconds of any steady clock."""
        self.ledger.outcome(record)
        self.by_topic[record.topic_id] += 1
        self._times.append(now)
        latency = self._latency(record)
        entry = Entry(
            topic_id=record.topic_id,
            value=record.value,
            event=self._event_of(record),
            latency_ms=latency,
        )
        entries = self.latest.setdefault(record.topic_id, deque(maxlen=SHOWN))
        entries.appendleft(entry)

    def entries(self, *topic_ids: str) -> list[Entry]:
        """Return the latest entries of some topics, the newest first."""
        found = [entry for topic_id in topic_ids for entry in self.latest.get(topic_id, ())]
        return sorted(found, key=lambda entry: str(entry.value.get("produced_at")), reverse=True)

    def rate(self, now: float) -> float:
        """Return outcomes a second over the last seconds."""
        while self._times and self._times[0] < now - _RATE_WINDOW_S:
            self._times.popleft()
        return len(self._times) / _RATE_WINDOW_S

    def latency(self) -> Latency:
        """Return the middle and the tail of all latencies, of the last 100,000 at most."""
        ordered = sorted(self._latencies)
        return Latency(p50=_quantile(ordered, 0.5), p99=_quantile(ordered, 0.99))

    def report(self) -> dict[str, Any]:
        """Return the demo's report for a machine."""
        tally, latency = self.ledger.tally(), self.latency()
        return {
            "events_in": tally.events,
            "outcomes": tally.outcomes,
            "missing": tally.missing,
            "duplicates": tally.duplicates,
            "dead_letters": tally.dead_letters,
            "latency_ms": {"p50": latency.p50, "p99": latency.p99},
            "by_topic": dict(sorted(self.by_topic.items())),
        }

    def _latency(self, record: ResultRecord) -> float:
        sent = record.value.get("source", {}).get("timestamp_ms", record.timestamp_ms)
        latency = float(max(record.timestamp_ms - sent, 0))
        if len(self._latencies) >= _LATENCIES:
            del self._latencies[: _LATENCIES // 2]
        self._latencies.append(latency)
        return latency

    def _event_of(self, record: ResultRecord) -> dict[str, Any]:
        place = parse_result_id(str(record.value.get("result_id", "")))
        value = self._events.get(place[:3]) if place else None
        if value is None or record.topic_id == DEAD_LETTERS:
            return {}
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
        return event if isinstance(event, dict) else {}


def _quantile(ordered: list[float], share: float) -> float | None:
    """Return the smallest value that `share` of all do not exceed (nearest rank)."""
    if not ordered:
        return None
    rank = max(int(-(-share * len(ordered) // 1)), 1)
    return round(ordered[rank - 1], 1)
