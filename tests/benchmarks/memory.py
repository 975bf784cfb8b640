"""Whether the worker's memory stays flat with millions of events behind it.

The topic is filled first, so that the lag is all of it; the model answers at `--rate`, slower than
events could be read. The worker's resident memory is looked at each second until all results are
out or `--seconds` have passed; flat means: after the first minute never more than 64 MB above the
least of the minute's last ten seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import report
from tests.benchmarks.engine import OURS
from tests.benchmarks.peers.options import EXACTLY_ONCE
from tests.benchmarks.records import Reviews
from tests.benchmarks.relay import broker, filled
from tests.benchmarks.systems import GUARANTEES, Worker
from tests.benchmarks.watch import Watch

FLAT_MB = 64.0
SETTLING_S = 60
SHOWN_EVERY = 10
PAGE_OF_KB = 1024


def resident_mb(pid: int) -> float:
    """Return a process's resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / PAGE_OF_KB
    return 0.0


def sample(worker: Worker, watch: Watch, events: int, seconds: int) -> tuple[list[float], int]:
    """Return the memory of each second and how many results came."""
    samples: list[float] = []
    while len(samples) < seconds and worker.alive():
        samples.append(resident_mb(worker.pid))
        if watch.end() - watch.before >= events:
            break
        if len(samples) % 30 == 0:
            print(f"{len(samples)} s: {samples[-1]:.0f} MB", file=sys.stderr)
        time.sleep(1.0)
    return samples, watch.end() - watch.before


def judged(samples: list[float]) -> dict[str, Any]:
    """Return what the samples say; nothing of flatness where the run was too short."""
    found: dict[str, Any] = {
        "seconds": len(samples),
        "peak_mb": round(max(samples), 1),
        "samples_mb": [round(each, 1) for each in samples[::SHOWN_EVERY]],
    }
    later = samples[SETTLING_S:]
    if later:
        settled = min(samples[SETTLING_S - 10 : SETTLING_S])
        growth = max(later) - settled
        found |= {
            "after_first_minute_mb": round(settled, 1),
            "growth_mb": report.summary([growth], 1),
            "flat": growth <= FLAT_MB,
        }
    return found


def main() -> None:
    """Watch the worker's memory under a huge lag."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--rate", type=float, default=6_000.0, help="of the model; 0: no limit")
    parser.add_argument("--seconds", type=int, default=900, help="the longest that it is watched")
    parser.add_argument("--guarantee", choices=GUARANTEES, default=EXACTLY_ONCE)
    options = parser.parse_args()
    reviews, one = Reviews.read(options.data), OURS[options.guarantee]
    head = report.machine("memory", events=options.events, rate=options.rate)
    with broker() as bootstrap:
        source = filled(bootstrap, reviews, options.events)
        task = source.options(one.guarantee, rate=options.rate)
        watch = Watch(bootstrap, task.target, source.partitions)
        with Worker(one, task) as worker:
            samples, results = sample(worker, watch, options.events, options.seconds)
    # Offsets, so with transactions a few markers too.
    found = {one.name: {**judged(samples), "offsets_written": results}}
    report.write(options.json, {**head, "records": reviews.name, "systems": found})


if __name__ == "__main__":
    main()
