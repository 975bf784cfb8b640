"""Counts what pipelines say, and hands it to the traces."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from faust.types import TP
from numpy.typing import NDArray

from inference.messages import EXPIRED, Answer
from streams.chunks import Chunk, Record
from streams.outgoing import Stamp
from streams.position import Position
from streams.publisher import Headers, Publication
from streams.telemetry.context import carried
from streams.telemetry.figures import Figures, Step, TaskFigures
from streams.telemetry.hooks import Released
from streams.telemetry.recent import Recent

SHOWN = 8
"""Of the outcomes that leave together, the last so many can be looked at: each costs."""
_MILLISECONDS = 1000.0


class PartitionTraces(Protocol):
    """The traces of one pipeline's chunks."""

    def taken(self, chunk: Chunk, stamp: Stamp) -> None:
        """Begin a chunk's span, if it is to have one."""
        ...

    def answered(self, stamp: Stamp, answer: Answer) -> None:
        """Note in a chunk's span what the model said."""
        ...

    def headers(self, record: Record, stamp: Stamp) -> Headers:
        """Return the trace context of a record's outcome."""
        ...

    def settled(self, position: Position, took_s: float) -> None:
        """End the spans of what is with the broker."""
        ...


class Untraced:
    """Makes no spans; outcomes carry the trace that their event came with."""

    def taken(self, chunk: Chunk, stamp: Stamp) -> None:
        """Do nothing."""

    def answered(self, stamp: Stamp, answer: Answer) -> None:
        """Do nothing."""

    def headers(self, record: Record, stamp: Stamp) -> Headers:
        """Return the record's own trace context."""
        return carried(record.headers)

    def settled(self, position: Position, took_s: float) -> None:
        """Do nothing."""


NewTraces = Callable[[TP, str], PartitionTraces]
"""Makes the traces of a partition and task."""


def untraced(_tp: TP, _task: str) -> PartitionTraces:
    """Return what makes no spans."""
    return Untraced()


class Recorder:
    """Implements `hooks.Signals`."""

    def __init__(
        self, figures: Figures, new_traces: NewTraces = untraced, recent: Recent | None = None
    ) -> None:
        self._figures = figures
        self._recent = recent or Recent()
        self._new_traces = new_traces
        self._partitions: dict[TP, PartitionRecorder] = {}

    def partition(self, tp: TP, task: str) -> PartitionRecorder:
        """Return what a new pipeline of the partition tells."""
        traces = self._new_traces(tp, task)
        recorder = PartitionRecorder(self._figures[task], traces, self._recent)
        self._partitions[tp] = recorder
        return recorder

    def oldest_s(self, tp: TP) -> float:
        """Return for how long the oldest record in work has been; 0 if there is none."""
        recorder = self._partitions.get(tp)
        return 0.0 if recorder is None else recorder.oldest_s()


class PartitionRecorder:
    """Implements `hooks.PartitionSignals`."""

    def __init__(self, figures: TaskFigures, traces: PartitionTraces, recent: Recent) -> None:
        self._figures = figures
        self._traces = traces
        self._recent = recent
        self.headers = traces.headers
        self._in_work: deque[tuple[int, float]] = deque()  # last offset of a chunk, since when
        self._sent: Counter[str] = Counter()  # not settled
        self._sent_ms: list[NDArray[np.float64]] = []  # of these
        self._buried: Counter[str] = Counter()  # likewise
        self._newest: list[Publication] = []  # likewise

    def oldest_s(self) -> float:
        """Return for how long the oldest record in work has been; 0 if there is none."""
        return time.monotonic() - self._in_work[0][1] if self._in_work else 0.0

    def taken(self, chunk: Chunk, stamp: Stamp) -> None:
        """Count a chunk's events, and what they waited."""
        records, steps = chunk.records, self._figures.steps
        self._figures.events += len(records)
        stamp.sent_ms = np.array([record.timestamp for record in records], dtype=np.float64)
        steps[Step.WAIT].add(_ages_ms(stamp.sent_ms, stamp.started_at))
        steps[Step.DECODE].add(np.array([stamp.decode_ms]))
        self._in_work.append((records[-1].offset, time.monotonic()))
        self._traces.taken(chunk, stamp)

    def answered(self, stamp: Stamp, answer: Answer) -> None:
        """Count what was asked of the model, and what that took."""
        figures = self._figures
        figures.asked += len(answer.rows)
        figures.cached += answer.cached
        if answer.errors:
            errors = answer.errors.values()
            figures.missed += sum(error.code == EXPIRED.code for error in errors)
        figures.steps[Step.QUEUE].add(answer.queue_ms)
        figures.steps[Step.COMPUTE].add(answer.compute_ms)
        self._traces.answered(stamp, answer)

    def buried(self, record: Record, code: str) -> None:
        """Count a dead letter, once it is settled."""
        self._buried[code] += 1

    def sent(self, released: Released, outcomes: Sequence[Publication]) -> None:
        """Count outcomes, once they are settled."""
        self._sent_ms += [_at(stamp.sent_ms, places) for stamp, places in released]
        topic = outcomes[0].topic
        others = [one for one in outcomes if one.topic is not topic and one.topic != topic]
        self._sent[topic] += len(outcomes) - len(others)
        if others:
            self._sent.update(one.topic for one in others)
        # The few of one topic must not be cut off by the many of another.
        self._newest += [*outcomes[-SHOWN:], *others] if others else outcomes[-SHOWN:]

    def settled(self, position: Position, took_s: float) -> None:
        """Count what the broker has."""
        figures, now = self._figures, time.time()
        figures.steps[Step.SETTLE].add(np.array([took_s * _MILLISECONDS]))
        figures.steps[Step.TOTAL].add(_ages_ms(np.concatenate(self._sent_ms), now))
        figures.outcomes.update(self._sent)
        figures.buried.update(self._buried)
        self._recent.add(self._newest)
        self._newest.clear()
        self._sent.clear()
        self._sent_ms.clear()
        self._buried.clear()
        while self._in_work and self._in_work[0][0] < position.offset:
            self._in_work.popleft()
        self._traces.settled(position, took_s)


def _at(sent_ms: NDArray[np.float64], places: Sequence[int]) -> NDArray[np.float64]:
    return sent_ms if len(places) == len(sent_ms) else sent_ms[places]


def _ages_ms(sent_ms: NDArray[np.float64], now: float) -> NDArray[np.float64]:
    """Return how long ago records were sent; those without a timestamp are left out."""
    return now * _MILLISECONDS - (sent_ms[sent_ms >= 0] if sent_ms.min() < 0 else sent_ms)
