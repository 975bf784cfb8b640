"""Tables: writes a second, and how long a worker waits for a table of many keys.

Writes: as `engine`, but each event also adds one to a counter of its author; stock Faust gets
`--slow-events`. Recovery: the changelog of the counters is filled with many keys, then a worker is
started and its first result waited for; the time less that of the same start with an empty
changelog is the recovery, with the store in memory for both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.benchmarks import records, report
from tests.benchmarks.peers.options import AT_LEAST_ONCE, EXACTLY_ONCE, TABLE
from tests.benchmarks.records import Reviews
from tests.benchmarks.relay import PARTITIONS, Run, Source, broker, described, filled, run
from tests.benchmarks.systems import System, Worker, prepare, system
from tests.benchmarks.watch import LOOK_S, Watch
from tests.kafka.helpers import create_topics, unique

OURS = system("shopstreams", "ours")
STOCK = system("stock_faust", "stock")
SYSTEMS = (OURS, system("shopstreams", "ours", EXACTLY_ONCE), STOCK)
RECOVERY_LIMIT_S = 600.0


def writes(bootstrap: str, reviews: Reviews, rounds: int, events: int, slow: int) -> dict[str, Any]:
    """Return each system's table writes a second."""
    whole = filled(bootstrap, reviews, events)
    part = filled(bootstrap, reviews, min(slow, events))
    sources = {one.name: part if one.program == "stock" else whole for one in SYSTEMS}
    runs: dict[str, list[Run]] = {one.name: [] for one in SYSTEMS}
    for _ in range(rounds):
        for one in SYSTEMS:
            runs[one.name].append(run(one, sources[one.name], table=True))
    rates = {name: [made.rate for made in each] for name, each in runs.items()}
    return {
        "systems": {name: described(each, sources[name].events) for name, each in runs.items()},
        "ratios": {
            one.name: report.ratio(rates[one.name], rates[STOCK.name])
            for one in SYSTEMS
            if one is not STOCK
        },
    }


def recovery(bootstrap: str, reviews: Reviews, rounds: int, keys: int) -> dict[str, Any]:
    """Return how long each system takes to have its table back."""
    groups = {(one, count): unique("group") for one in (OURS, STOCK) for count in (0, keys)}
    for (_, count), group in groups.items():
        topic = f"{group}-{TABLE}-changelog"
        create_topics(bootstrap, [topic], PARTITIONS, {"cleanup.policy": "compact"})
        records.feed(records.producer(bootstrap), topic, _changelog(count))
    taken: dict[tuple[System, int], list[float]] = {each: [] for each in groups}
    for _ in range(rounds):
        for (one, count), group in groups.items():
            source = filled(bootstrap, reviews, 1)
            taken[one, count].append(_first_result(one, source, f"{group}"))
    found: dict[str, Any] = {}
    for one in (OURS, STOCK):
        base = statistics.median(taken[one, 0])
        seconds = [each - base for each in taken[one, keys]]
        found[one.name] = {
            "seconds": report.summary(seconds, 2),
            "start_without_keys_s": report.summary(taken[one, 0], 2),
        }
    ours, stock = (
        [each - statistics.median(taken[one, 0]) for each in taken[one, keys]]
        for one in (OURS, STOCK)
    )
    return {"keys": keys, **found, "stock_over_ours": report.ratio(stock, ours)}


def _changelog(keys: int) -> Iterator[tuple[bytes, bytes]]:
    for number in range(keys):
        yield b'"user-%07d"' % number, b"%d" % (number % 100)


def _first_result(one: System, source: Source, group: str) -> float:
    options = replace(source.options(AT_LEAST_ONCE, table=True), group=group)
    watch = Watch(source.bootstrap, options.target, source.partitions)
    with Worker(one, options) as worker:
        until = time.monotonic() + RECOVERY_LIMIT_S
        while watch.end() == watch.before and worker.alive():
            if time.monotonic() > until:
                raise TimeoutError(f"{one.name} brought nothing within {RECOVERY_LIMIT_S} s")
            time.sleep(LOOK_S)
        return time.time() - worker.began


def main() -> None:
    """Measure table writes and recovery of ours and of stock Faust."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--slow-events", type=int, default=30_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    options = parser.parse_args()
    versions, reviews = prepare(SYSTEMS), Reviews.read(options.data)
    head = report.machine("tables", rounds=options.rounds, records=reviews.name)
    with broker() as bootstrap:
        written = writes(bootstrap, reviews, options.rounds, options.events, options.slow_events)
        recovered = recovery(bootstrap, reviews, options.rounds, options.keys)
    report.write(
        options.json, {**head, "versions": versions, "writes": written, "recovery": recovered}
    )


if __name__ == "__main__":
    main()
