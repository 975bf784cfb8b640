"""What signals cost: the same relay without them, with metrics, with all, with viewers, in turn.

- off: none.
- metrics: counted, and read over HTTP each second.
- all: the same, and spans sent to a collector, for 1% of the chunks and for each event that its
  producer samples, 1 in 1,000.
- viewers: all, and that many look at the dashboard.

All relay the same topic, which has the sampled events in it. Beside the rate, which other programs
on the machine disturb, the processor time an event is compared.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.benchmarks import report
from tests.benchmarks.engine import OURS
from tests.benchmarks.peers.options import EXACTLY_ONCE
from tests.benchmarks.records import Reviews
from tests.benchmarks.relay import Run, Source, broker, described, filled, run
from tests.benchmarks.systems import GUARANTEES, System

TRACED_EVERY = 1_000
SCRAPE_S = 1.0
LIMIT_S = 5.0


class Collected:
    """What the other ends of the signals got, to show that there were any."""

    def __init__(self) -> None:
        self.exports = 0  # requests with spans
        self.scrapes = 0  # pages of metrics
        self.lines = 0  # of the dashboard's messages


@contextlib.contextmanager
def collector(got: Collected) -> Iterator[str]:
    """Yield the address of something that takes spans."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            got.exports += 1
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces"
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def scraped(port: int, got: Collected) -> Iterator[None]:
    """Read the metrics on the clock, as Prometheus does, only more often."""
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(SCRAPE_S):
            with contextlib.suppress(urllib.error.URLError):
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/metrics", timeout=LIMIT_S
                ) as page:
                    page.read()
                got.scrapes += 1

    thread = threading.Thread(target=scrape, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def viewed(port: int, viewers: int, got: Collected) -> Iterator[None]:
    """Let that many look at the dashboard, from when it is there on."""
    over = threading.Event()

    def view() -> None:
        while not over.wait(SCRAPE_S):
            with contextlib.suppress(OSError):
                address = f"http://127.0.0.1:{port}/api/live"
                with urllib.request.urlopen(address, timeout=LIMIT_S) as page:
                    while not over.is_set() and page.readline():
                        got.lines += 1

    threads = [threading.Thread(target=view, daemon=True) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def measured(one: System, source: Source, got: Collected) -> Run:
    """Relay once with metrics."""
    port = free_port()
    with scraped(port, got):
        return run(one, source, port=port)


def watched(one: System, source: Source, got: Collected, viewers: int = 0) -> Run:
    """Relay once with all signals."""
    port = free_port()
    with collector(got) as endpoint, scraped(port, got), viewed(port, viewers, got):
        return run(one, source, port=port, collector=endpoint)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Measure what all signals cost."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--guarantee", choices=GUARANTEES, default=EXACTLY_ONCE)
    options = parser.parse_args()
    reviews, one, got = Reviews.read(options.data), OURS[options.guarantee], Collected()
    head = report.machine("overhead", rounds=options.rounds, events=options.events)
    with broker() as bootstrap:
        source = filled(bootstrap, reviews, options.events, traced_every=TRACED_EVERY)
        ways: dict[str, Callable[[], Run]] = {
            "off": lambda: run(one, source),
            "metrics": lambda: measured(one, source, got),
            "all": lambda: watched(one, source, got),
            "viewers": lambda: watched(one, source, got, options.viewers),
        }
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        for number in range(options.rounds):
            # Who goes first has the warmer machine, or the colder.
            for name in reversed(ways) if number % 2 else ways:
                runs[name].append(ways[name]())
    found: dict[str, Any] = {name: described(each, options.events) for name, each in runs.items()}
    found["metrics_over_off"] = compared(runs["metrics"], runs["off"])
    found["all_over_off"] = compared(runs["all"], runs["off"])
    found[f"{options.viewers}_viewers_over_all"] = compared(runs["viewers"], runs["all"])
    counts = {"exports": got.exports, "scrapes": got.scrapes, "lines": got.lines}
    report.write(options.json, {**head, **counts, "signals": found})


def compared(one: Sequence[Run], other: Sequence[Run]) -> dict[str, Any]:
    """Return what one way costs over another, by round."""
    return {
        "rate": report.ratio([each.rate for each in one], [each.rate for each in other]),
        "processor_time": report.ratio(
            [each.processor_us for each in one], [each.processor_us for each in other]
        ),
    }


if __name__ == "__main__":
    main()
