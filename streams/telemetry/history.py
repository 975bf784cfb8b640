"""Rates and latencies over the last minutes, a bounded number of points."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.telemetry.buckets import SECONDS
from streams.telemetry.figures import Figures, Step
from streams.telemetry.standing import Standing

TICK_S: Final = 2.0
POINTS: Final = 450
"""A quarter of an hour."""
SPAN: Final = 5
"""Ticks that a latency is taken over: of a single one it would jump."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What the counters said."""

    at: float  # seconds, of the caller's clock
    events: Mapping[str, int] = field(default_factory=dict)  # by task
    outcomes: Mapping[str, int] = field(default_factory=dict)  # by the broker's name of the topic
    totals: Mapping[str, Counts] = field(default_factory=dict)  # by task: the buckets of latency


class History:
    """Takes a point on the clock; the caller's."""

    def __init__(
        self,
        figures: Figures,
        standing: Callable[[], Standing],
        lanes: Mapping[str, str],
        topic_ids: Mapping[str, str],
    ) -> None:
        self._figures = figures
        self._standing = standing
        self._lanes = lanes  # by task
        self._topic_ids = topic_ids  # by the broker's name
        self._reads: deque[_Read] = deque(maxlen=SPAN + 1)
        self.points: deque[dict[str, Any]] = deque(maxlen=POINTS)

    def tick(self, now: float, unix: float) -> dict[str, Any]:
        """Take a point and return it; `now` is of a steady clock, `unix` the time of day."""
        read = self._read(now)
        before, long_before = (
            (self._reads[-1], self._reads[0]) if self._reads else (_Read(at=now), _Read(at=now))
        )
        standing = self._standing()
        point = {
            "at": round(unix, 1),
            "events": _rates(before.events, read.events, now - before.at),
            "outcomes": self._named(_rates(before.outcomes, read.outcomes, now - before.at)),
            "latency": self._latencies(long_before, read),
            "lag": standing.lag,
            "in_flight": sum(one.in_flight for one in standing.partitions),
            "oldest_s": round(max((one.oldest_s for one in standing.partitions), default=0.0), 1),
            "depth": dict(standing.statistics.waiting),
        }
        self._reads.append(read)
        self.points.append(point)
        return point

    def _read(self, now: float) -> _Read:
        outcomes: dict[str, int] = {}
        for one in self._figures.values():
            for topic, count in one.outcomes.items():
                outcomes[topic] = outcomes.get(topic, 0) + count
        return _Read(
            at=now,
            events={task: one.events for task, one in self._figures.items()},
            outcomes=outcomes,
            totals={task: one.steps[Step.TOTAL].counts() for task, one in self._figures.items()},
        )

    def _named(self, rates: Mapping[str, float]) -> dict[str, float]:
        return {self._topic_ids.get(topic, topic): rate for topic, rate in rates.items()}

    def _latencies(self, before: _Read, now: _Read) -> dict[str, list[float]]:
        """Return p50 and p99 by lane, of those lanes that had outcomes."""
        lanes: dict[str, Counts] = {}
        for task, counts in now.totals.items():
            lane, new = self._lanes.get(task, task), counts - before.totals.get(task, 0)
            lanes[lane] = lanes.get(lane, 0) + new
        return {
            lane: [round(quantile(counts, share), 4) for share in (0.5, 0.99)]
            for lane, counts in lanes.items()
            if counts.sum()
        }


def _rates(before: Mapping[str, int], now: Mapping[str, int], seconds: float) -> dict[str, float]:
    if seconds <= 0:
        return dict.fromkeys(now, 0.0)
    return {name: round((count - before.get(name, 0)) / seconds, 2) for name, count in now.items()}


def quantile(counts: Counts, share: float) -> float:
    """Return the value in seconds that a share of what was counted does not pass, between bounds.

    Beyond the last bound it is that bound, as Prometheus has it.
    """
    passed = np.cumsum(counts)
    wanted = share * passed[-1]
    place = int(np.searchsorted(passed, wanted))
    if place >= len(SECONDS):
        return SECONDS[-1]
    low = SECONDS[place - 1] if place else 0.0
    below = int(passed[place - 1]) if place else 0
    return low + (SECONDS[place] - low) * float(wanted - below) / int(counts[place])
