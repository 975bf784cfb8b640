"""A loop on confluent-kafka: what a Python client can do on this machine."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

from confluent_kafka import Consumer, Message, Producer

from tests.benchmarks.peers.options import Options, parse
from tests.benchmarks.work import handle

CHUNK = 2_000
COMMIT_INTERVAL_S = 0.5
PROMPT_COMMIT_INTERVAL_S = 0.05
"""As ours: results leave at once whatever this is, and a commit an event would drown the broker."""
LIMIT_S = 60.0


class Loop:
    """Consume, work, produce; flush and commit now and then, or a transaction a chunk."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._interval_s = _interval_s(options)
        self._going = True
        self._consumer = Consumer(
            {
                "bootstrap.servers": options.bootstrap,
                "group.id": options.group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.min.bytes": 1,
                "fetch.queue.backoff.ms": 10,
                "queued.max.messages.kbytes": 65_536,
            }
        )
        self._producer = Producer(self._producer_options())

    def _producer_options(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "bootstrap.servers": self._options.bootstrap,
            "enable.idempotence": True,
            "linger.ms": 0 if self._options.prompt else 10,
            "batch.size": 500_000,
            "partitioner": "murmur2_random",
        }
        if self._options.exactly_once:
            found["transactional.id"] = self._options.group
        return found

    def stop(self, number: int, frame: FrameType | None) -> None:
        """End after the chunk in hand."""
        self._going = False

    def run(self) -> None:
        """Relay until stopped."""
        if self._options.exactly_once:
            self._producer.init_transactions(LIMIT_S)
        self._consumer.subscribe([self._options.source])
        committed = time.monotonic()
        pending = False
        while self._going:
            if taken := self._take():
                if self._options.exactly_once and not pending:
                    self._producer.begin_transaction()
                pending = True
                self._relay(taken)
            if pending and time.monotonic() - committed >= self._interval_s:
                self._commit()
                committed, pending = time.monotonic(), False
        self._consumer.close()

    def _take(self) -> list[Message]:
        first = self._consumer.poll(0.1)
        if first is None:
            return []
        # What is there already: a wait for a full chunk would be latency.
        taken = [first, *self._consumer.consume(CHUNK - 1, 0)]
        return [one for one in taken if one.error() is None]

    def _relay(self, messages: list[Message]) -> None:
        target, produce = self._options.target, self._producer.produce
        for one in messages:
            value = one.value() or b""
            key, result = handle(
                value,
                one.topic() or "",
                one.partition() or 0,
                one.offset() or 0,
                one.timestamp()[1],
            )
            while True:
                try:
                    produce(target, result, key)
                    break
                except BufferError:
                    self._producer.poll(0.05)
        self._producer.poll(0)

    def _commit(self) -> None:
        if self._options.exactly_once:
            self._producer.send_offsets_to_transaction(
                self._consumer.position(self._consumer.assignment()),
                self._consumer.consumer_group_metadata(),
                LIMIT_S,
            )
            self._producer.commit_transaction(LIMIT_S)
        else:
            if self._producer.flush(LIMIT_S):
                raise TimeoutError("results were not confirmed")
            self._consumer.commit(asynchronous=True)


def _interval_s(options: Options) -> float:
    if not options.prompt:
        return COMMIT_INTERVAL_S
    # In a transaction results are seen once it is committed: at once.
    return 0.0 if options.exactly_once else PROMPT_COMMIT_INTERVAL_S


def main() -> None:
    """Relay until SIGTERM."""
    loop = Loop(parse())
    signal.signal(signal.SIGTERM, loop.stop)
    loop.run()


if __name__ == "__main__":
    main()
