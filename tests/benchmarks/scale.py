"""What further workers of one group bring: 1, 2 and 4 on one topic.

All events lie in one transaction that is still open while the workers start and share out the
partitions; it is committed when the group rests, so all begin at once and start-up does not
count. Timed as `watch` says.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any

from confluent_kafka import ConsumerGroupState, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from tests.benchmarks import records, report
from tests.benchmarks.engine import OURS
from tests.benchmarks.peers.options import EXACTLY_ONCE
from tests.benchmarks.records import Reviews
from tests.benchmarks.relay import Run, Source, broker, described, told
from tests.benchmarks.systems import GUARANTEES, System, Worker
from tests.benchmarks.watch import Watch
from tests.kafka.helpers import create_topics, unique

REST_S = 3.0
LIMIT_S = 120.0
TRANSACTION_LIMIT_MS = 900_000


def held_back(
    bootstrap: str, reviews: Reviews, events: int, partitions: int
) -> tuple[Source, Producer]:
    """Return a filled topic that no read_committed reader sees yet, and who can commit it."""
    topic = unique("reviews")
    create_topics(bootstrap, [topic], partitions)
    options = {"transactional.id": topic, "transaction.timeout.ms": TRANSACTION_LIMIT_MS}
    producer = records.producer(bootstrap, **options)
    producer.init_transactions(LIMIT_S)
    producer.begin_transaction()
    records.feed(producer, topic, reviews.events(events))
    source = Source(bootstrap=bootstrap, topic=topic, events=events, partitions=partitions)
    return source, producer


def rested(bootstrap: str, group: str, topic: str, workers: int, partitions: int) -> bool:
    """Whether that many members share all partitions of the topic, each with some."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    (asked,) = admin.describe_consumer_groups([group]).values()
    try:
        found = asked.result(LIMIT_S)
    except KafkaException:  # the coordinator is being made
        return False
    shares = [
        sum(each.topic == topic for each in member.assignment.topic_partitions)
        for member in found.members
    ]
    stable = found.state == ConsumerGroupState.STABLE
    return stable and len(shares) == workers and all(shares) and sum(shares) == partitions


def run(one: System, source: Source, producer: Producer, workers: int) -> Run:
    """Let that many workers relay the source."""
    options = source.options(one.guarantee)
    watch = Watch(source.bootstrap, options.target, source.partitions)
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(Worker(one, options)) for _ in range(workers)]

        def alive() -> bool:
            return all(worker.alive() for worker in running)

        until = time.monotonic() + LIMIT_S
        where = (source.bootstrap, options.group, source.topic, workers, source.partitions)
        while not rested(*where):
            if not alive() or time.monotonic() > until:
                raise RuntimeError(f"{workers} workers did not come to share the partitions")
            time.sleep(0.2)
        time.sleep(REST_S)  # tables recovered, producers made
        committed = time.time()
        producer.commit_transaction(LIMIT_S)
        used = sum(worker.processor_s() for worker in running)
        ended = watch.wait(source.events, alive, lambda _: None)
        used = sum(worker.processor_s() for worker in running) - used
    # Events are older than their commit: nothing began before it.
    seen = replace(watch.seen(ended), started=committed)
    found = Run(seen=seen, processor_us=used / max(1, seen.distinct) * 1e6)
    told(f"{workers} workers", found, source)
    return found


def main() -> None:
    """Measure what further workers bring."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--guarantee", choices=GUARANTEES, default=EXACTLY_ONCE)
    options = parser.parse_args()
    reviews, one = Reviews.read(options.data), OURS[options.guarantee]
    head = report.machine("scale", rounds=options.rounds, partitions=options.partitions)
    runs: dict[int, list[Run]] = {count: [] for count in options.workers}
    with broker() as bootstrap:
        for _ in range(options.rounds):
            for count in options.workers:
                source, producer = held_back(bootstrap, reviews, options.events, options.partitions)
                runs[count].append(run(one, source, producer, count))
    first = [each.rate for each in runs[options.workers[0]]]
    found: dict[str, Any] = {
        f"{count} workers": {
            **described(each, options.events),
            "over_the_first": report.ratio([one.rate for one in each], first),
        }
        for count, each in runs.items()
    }
    report.write(
        options.json,
        {**head, "guarantee": options.guarantee, "records": reviews.name, "systems": found},
    )


if __name__ == "__main__":
    main()
