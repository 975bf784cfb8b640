"""A thread that reads, committed only, all that goes in and comes out."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from tests.chaos import records
from tests.chaos.records import Outcome, Sent, Write
from tests.kafka.helpers import unique

POLL_S = 0.05
QUIET_S = 1.5
"""Longer than a fetch waits: a partition that ended and stayed so has no more."""
BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Names:
    """Topics as the broker calls them."""

    source: str
    results: str
    letters: str
    changelogs: Mapping[str, str]  # topic to table

    def all(self) -> list[str]:
        """Return the names of all topics."""
        return [self.source, self.results, self.letters, *self.changelogs]


class Reader:
    """Collects inputs, outcomes and changelogs, and knows which inputs are still open."""

    def __init__(self, bootstrap: str, names: Names, partitions: int) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": unique("chaos"),
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
                "reconnect.backoff.max.ms": 500,
                "topic.metadata.refresh.interval.ms": 1000,
                "log_level": 0,
            }
        )
        self._names = names
        self._places = [(name, number) for name in names.all() for number in range(partitions)]
        self._ended: set[tuple[str, int]] = set()
        self._quiet_since = time.monotonic()
        self._done = dict.fromkeys(range(partitions), 0)  # all below have their outcome
        self._ahead: dict[int, set[int]] = {number: set() for number in range(partitions)}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)
        self._latest = time.monotonic()  # when an outcome came
        self._silence_s = 0.0
        self._round = 0
        self.inputs: list[Sent] = []
        self.outcomes: list[Outcome] = []
        self.writes: list[Write] = []

    def start(self) -> None:
        """Begin, from the first record of each topic; all must be there."""
        self._consumer.assign([TopicPartition(name, number, 0) for name, number in self._places])
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    def begin_round(self, number: int) -> None:
        """Note what comes from now on as of this round."""
        with self._lock:
            self._round = number
            self._silence_s = 0.0
            self._latest = time.monotonic()

    @property
    def silence_s(self) -> float:
        """The longest time without an outcome since the round began."""
        return self._silence_s

    def open_inputs(self, ends: Mapping[int, int]) -> int:
        """Return how many inputs below `ends`, by partition, have no outcome yet."""
        with self._lock:
            return sum(
                end - self._done[number] - sum(at < end for at in self._ahead[number])
                for number, end in ends.items()
                if end > self._done[number]
            )

    def wait_for_end(self, limit_s: float) -> bool:
        """Whether all topics were read to their end within the limit."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            if not self._thread.is_alive():
                raise RuntimeError("the reader failed")
            with self._lock:
                quiet = time.monotonic() - self._quiet_since
                if len(self._ended) == len(self._places) and quiet > QUIET_S:
                    return True
            time.sleep(POLL_S)
        return False

    def _read(self) -> None:
        while not self._stopping.is_set():
            messages = self._consumer.consume(BATCH, POLL_S)
            with self._lock:
                for message in messages:
                    self._take(message)

    def _take(self, message: Message) -> None:
        topic, partition = message.topic(), message.partition()
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF and topic and partition is not None:
                self._ended.add((topic, partition))
            return  # other errors pass: the client connects again by itself
        offset, key, value = message.offset(), message.key(), message.value()
        assert topic is not None  # a message without an error has its place
        assert partition is not None
        assert offset is not None
        self._ended.discard((topic, partition))
        self._quiet_since = time.monotonic()
        self._keep(topic, (partition, offset), _bytes(key), _bytes(value))

    def _keep(self, topic: str, place: tuple[int, int], key: bytes, value: bytes) -> None:
        names = self._names
        if topic == names.source:
            self.inputs.append(records.sent(place, key, value, self._round))
        elif topic == names.results:
            self._close(records.result(value, place[0], self._round))
        elif topic == names.letters:
            self._close(records.letter(value, place[0], self._round))
        elif value:
            table = names.changelogs[topic]
            self.writes.append(records.write(table, key, value, self._round))

    def _close(self, outcome: Outcome) -> None:
        now = time.monotonic()
        self._silence_s = max(self._silence_s, now - self._latest)
        self._latest = now
        self.outcomes.append(outcome)
        partition, offset = outcome.place
        ahead = self._ahead[partition]
        if offset >= self._done[partition]:
            ahead.add(offset)
        while self._done[partition] in ahead:
            ahead.remove(self._done[partition])
            self._done[partition] += 1


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
