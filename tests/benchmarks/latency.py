"""What a system adds to an event's way at a low, even rate.

Events are written one by one at `--rate`, each carrying the time of its writing on this process's
clock; a read_committed reader in the same process polls all the time and takes the difference when
the event's result arrives. Ours and the bare client's loop take turns on one broker, with both
guarantees; the first seconds of each turn do not count.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from tests.benchmarks import records, report
from tests.benchmarks.engine import OURS
from tests.benchmarks.records import Reviews
from tests.benchmarks.relay import PARTITIONS, broker, filled
from tests.benchmarks.systems import GUARANTEES, System, Worker, prepare, system
from tests.kafka.helpers import unique

SYSTEMS = (*OURS.values(), *(system("bare_client", "bare", each) for each in GUARANTEES))
WARM_UP_S = 5.0
ARRIVAL_LIMIT_S = 20.0
START_LIMIT_S = 180.0
MILLISECONDS = 1e-6
"""Of a nanosecond."""


SHARES = {"p50_ms": 0.5, "p99_ms": 0.99}

Found = dict[str, dict[str, list[float]]]
"""By system and share: one value a round."""


class Taken(NamedTuple):
    """One result that came."""

    sent: int  # nanoseconds, of this process's clock
    took_ms: float  # until it was here
    timings: Mapping[str, float]  # what it says of its own way, in milliseconds


class Reader(threading.Thread):
    """Notes how long each result took to come."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        super().__init__(daemon=True)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": unique("reader"),
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "log_level": 0,
                "fetch.wait.max.ms": 100,
                "fetch.queue.backoff.ms": 0,
            }
        )
        parts = [TopicPartition(topic, each, OFFSET_BEGINNING) for each in range(PARTITIONS)]
        self._consumer.assign(parts)
        self._going = True
        self.taken: list[Taken] = []

    def run(self) -> None:
        """Poll until stopped."""
        while self._going:
            message = self._consumer.poll(0.1)
            now = time.perf_counter_ns()
            if message is not None and message.error() is None:
                result = orjson.loads(message.value() or b"{}")
                sent = int(result["review_id"])
                took_ms = (now - sent) * MILLISECONDS
                self.taken.append(Taken(sent, took_ms, result.get("timings", {})))
        self._consumer.close()

    def stop(self) -> None:
        """End."""
        self._going = False
        self.join()


def turn(
    one: System, bootstrap: str, reviews: Reviews, rate: float, seconds: float, **more: Any
) -> list[Taken]:
    """Return how long each counted event took; `more` are options of the system."""
    source = filled(bootstrap, reviews, 0)
    options = source.options(one.guarantee, prompt=True, **more)
    reader = Reader(bootstrap, options.target)
    reader.start()
    client = records.producer(bootstrap, **{"linger.ms": 0})
    with Worker(one, options) as worker:
        _await_first(worker, reader, client, reviews, source.topic)
        begin = time.perf_counter_ns()
        counted_from = begin + int(WARM_UP_S * 1e9)
        count = int(rate * (seconds + WARM_UP_S))
        for number in range(count):
            due = begin + int(number * 1e9 / rate)
            while (left := due - time.perf_counter_ns()) > 0:
                time.sleep(left / 1e9)
            _send(client, source.topic, reviews, number)
        client.flush(ARRIVAL_LIMIT_S)
        until = time.monotonic() + ARRIVAL_LIMIT_S
        while _arrived(reader, begin) < count and time.monotonic() < until:
            time.sleep(0.1)
    reader.stop()
    if missing := count - _arrived(reader, begin):
        raise RuntimeError(f"{one.name} brought {missing} of {count} results too few")
    return [one for one in reader.taken if one.sent >= counted_from]


def parts(taken: Sequence[Taken]) -> dict[str, float]:
    """Return the median of each part of the way that results tell of."""
    names = taken[0].timings if taken else ()
    return {name: round(statistics.median(one.timings[name] for one in taken), 2) for name in names}


def _await_first(worker: Worker, reader: Reader, client: Any, reviews: Reviews, topic: str) -> None:
    """Send one event and wait for its result: the worker runs."""
    _send(client, topic, reviews, 0)
    client.flush(ARRIVAL_LIMIT_S)
    until = time.monotonic() + START_LIMIT_S
    while not reader.taken:
        if not worker.alive() or time.monotonic() > until:
            raise RuntimeError(f"{worker.name} brought no result:\n{worker.log()}")
        time.sleep(0.1)


def _send(client: Any, topic: str, reviews: Reviews, number: int) -> None:
    key, value = reviews.event(number, review_id=str(time.perf_counter_ns()))
    client.produce(topic, value=value, key=key)
    client.poll(0)


def _arrived(reader: Reader, since: int) -> int:
    return len({one.sent for one in reader.taken if one.sent >= since})


def added(found: Found, guarantee: str) -> dict[str, Any]:
    """Return by how much ours is slower than the bare client, by round."""
    ours, bare = found[OURS[guarantee].name], found[f"bare_client_{guarantee}"]
    return {
        name: report.summary([a - b for a, b in zip(ours[name], bare[name], strict=True)], 2)
        for name in SHARES
    }


def main() -> None:
    """Measure the latency of ours and of a bare client."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    versions, reviews = prepare(SYSTEMS), Reviews.read(options.data)
    head = report.machine("latency", rounds=options.rounds, rate=options.rate)
    found: Found = {one.name: {} for one in SYSTEMS}
    with broker() as bootstrap:
        for _ in range(options.rounds):
            for one in SYSTEMS:
                taken = turn(one, bootstrap, reviews, options.rate, options.seconds)
                took = [each.took_ms for each in taken]
                shares = {name: report.quantile(took, share) for name, share in SHARES.items()}
                for name, value in shares.items():
                    found[one.name].setdefault(name, []).append(value)
                print(f"{one.name}: {shares}", file=sys.stderr)
    report.write(
        options.json,
        {
            **head,
            "records": reviews.name,
            "versions": versions,
            "systems": {
                name: {each: report.summary(values, 2) for each, values in shares.items()}
                for name, shares in found.items()
            },
            "ours_less_bare": {each: added(found, each) for each in GUARANTEES},
        },
    )


if __name__ == "__main__":
    main()
