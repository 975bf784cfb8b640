"""Looking at a topic from outside, as a read_committed reader sees it.

A run is timed by this one method, whatever the system:

- its start is the earliest start of work that its results tell of (Kafka's timestamp of the event
  plus the result's `wait_ms`), so that start-up and joining the group do not count;
- its end is when the last stable offsets of the output topic reached their final values, looked
  at every 10 ms: from then on a read_committed reader gets the last result;
- what is counted are the results that such a reader gets, read after the run. Offsets would count
  transaction markers and aborted records too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson
from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    AdminClient,
    OffsetSpec,
)

from tests.kafka.helpers import unique

LATEST = OffsetSpec.latest()
LOOK_S = 0.01
QUIET_S = 2.0
"""Longer than any system waits between two transactions."""
START_LIMIT_S = 120.0
STALL_LIMIT_S = 45.0
REQUEST_LIMIT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a run brought."""

    started: float  # Unix seconds
    ended: float  # Unix seconds
    results: int  # as a read_committed reader counts them
    distinct: int  # without repeats

    @property
    def rate(self) -> float:
        """Return distinct results a second; 0 where there are none."""
        return self.distinct / (self.ended - self.started) if self.distinct else 0.0


class Watch:
    """One output topic."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._bootstrap, self._topic = bootstrap, topic
        self._partitions = [TopicPartition(topic, number, 0) for number in range(partitions)]
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self.before = self._first_end()

    def end(self) -> int:
        """Return the sum of the last stable offsets."""
        asked = self._admin.list_offsets(
            dict.fromkeys(self._partitions, LATEST),
            isolation_level=IsolationLevel.READ_COMMITTED,
        )
        return sum(each.result(REQUEST_LIMIT_S).offset for each in asked.values())

    def _first_end(self) -> int:
        until = time.monotonic() + REQUEST_LIMIT_S
        while True:
            try:
                return self.end()
            except KafkaException:  # a new topic's leaders come a moment after it
                if time.monotonic() > until:
                    raise
            time.sleep(LOOK_S)

    def wait(self, expected: int, alive: Callable[[], bool], first: Callable[[int], None]) -> float:
        """Return when the last result became visible, in Unix seconds.

        Calls `first` with their number when the first ones did. Ends when the offsets show
        `expected` and have rested, when nothing moves any more, or when the system is no longer
        `alive`.
        """
        last, moved = self.before, time.time()
        while alive():
            now_at, now = self.end(), time.time()
            if now_at != last:
                if last == self.before:
                    first(now_at - last)
                last, moved = now_at, now
            brought = last - self.before
            limit = STALL_LIMIT_S if brought else START_LIMIT_S
            if now - moved > (QUIET_S if brought >= expected else limit):
                break
            time.sleep(LOOK_S)
        return moved

    def read(self) -> Iterator[Message]:
        """Yield all committed records of the topic."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": unique("count"),
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        consumer.assign(self._partitions)
        open_partitions = len(self._partitions)
        try:
            while open_partitions:
                for one in consumer.consume(10_000, 0.2):
                    if one.error() is None:
                        yield one
                    else:
                        open_partitions -= 1
        finally:
            consumer.close()

    def seen(self, ended: float) -> Seen:
        """Count what came."""
        count, started = 0, float("inf")
        distinct: set[tuple[int, int]] = set()
        for message in self.read():
            result = orjson.loads(message.value() or b"{}")
            source = result["source"]
            began = source["timestamp_ms"] + result["timings"]["wait_ms"]
            started = min(started, began / 1000)
            distinct.add((source["partition"], source["offset"]))
            count += 1
        return Seen(started=started, ended=ended, results=count, distinct=len(distinct))
