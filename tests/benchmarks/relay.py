"""One run of one system over a filled topic, timed as `watch` says."""

from __future__ import annotations

import contextlib
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks import records, report
from tests.benchmarks.peers.options import Options
from tests.benchmarks.records import Reviews
from tests.benchmarks.systems import System, Worker
from tests.benchmarks.watch import Seen, Watch
from tests.kafka.helpers import create_topics, unique
from tests.kafka.server import KafkaServer

PARTITIONS = 4


@dataclass(frozen=True, kw_only=True)
class Source:
    """A filled topic."""

    bootstrap: str
    topic: str
    events: int
    partitions: int = PARTITIONS

    def options(self, guarantee: str, **more: Any) -> Options:
        """Return options for a run with a new group and a new output topic."""
        target = unique("results")
        create_topics(self.bootstrap, [target], self.partitions)
        return Options(
            bootstrap=self.bootstrap,
            source=self.topic,
            target=target,
            group=unique("group"),
            guarantee=guarantee,
            partitions=self.partitions,
            **more,
        )


@contextlib.contextmanager
def broker() -> Iterator[str]:
    """Yield the address of a broker of one's own."""
    server = KafkaServer()
    try:
        server.start()
        yield server.bootstrap_servers
    finally:
        server.remove()


def filled(
    bootstrap: str,
    reviews: Reviews,
    events: int,
    partitions: int = PARTITIONS,
    traced_every: int = 0,
) -> Source:
    """Return a new topic with that many events, one in so many of them traced."""
    topic = unique("reviews")
    create_topics(bootstrap, [topic], partitions)
    records.feed(records.producer(bootstrap), topic, reviews.events(events), traced_every)
    return Source(bootstrap=bootstrap, topic=topic, events=events, partitions=partitions)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of one system."""

    seen: Seen
    processor_us: float  # of its processes an event, after the first visible results

    @property
    def rate(self) -> float:
        """Return results a second."""
        return self.seen.rate


def run(one: System, source: Source, **more: Any) -> Run:
    """Let the system relay the source once."""
    options = source.options(one.guarantee, **more)
    watch = Watch(source.bootstrap, options.target, source.partitions)
    at_first: list[tuple[int, float]] = []
    with Worker(one, options) as worker:

        def first(results: int) -> None:
            at_first.append((results, worker.processor_s()))

        ended = watch.wait(source.events, worker.alive, first)
        processor_s = worker.processor_s()
    seen = watch.seen(ended)
    before, used = at_first[0] if at_first else (0, 0.0)
    cost = (processor_s - used) / max(1, seen.distinct - before) * 1e6
    found = Run(seen=seen, processor_us=cost)
    told(one.name, found, source)
    return found


def told(name: str, found: Run, source: Source) -> None:
    """Say on stderr how a run went."""
    seen = found.seen
    print(
        f"{name}: {seen.rate:,.0f} a second, {seen.distinct:,} of {source.events:,}, "
        f"{seen.results - seen.distinct:,} repeated, {found.processor_us:.0f} processor us each",
        file=sys.stderr,
    )


def described(runs: Sequence[Run], events: int) -> dict[str, Any]:
    """Return one system's part of the report."""
    rates = [one.rate for one in runs]
    found: dict[str, Any] = {
        "rates": [round(rate) for rate in rates],
        **report.summary(rates),
        "events": events,
        "processor_us_an_event": round(statistics.median(one.processor_us for one in runs), 1),
    }
    if missing := max(events - one.seen.distinct for one in runs):
        found["missing_at_most"] = missing
    if repeated := max(one.seen.results - one.seen.distinct for one in runs):
        found["repeated_at_most"] = repeated
    return found
