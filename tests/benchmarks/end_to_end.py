"""Kafka to Kafka with the bundled sentiment model: the product beside what one would write else.

One broker, the same real reviews in the same order, none twice and no cache of texts, the same
weights, in turn over several rounds; how a run is timed stands in `watch`.

- in one dtype, the worker's: the product, a stock Faust agent with `take()` and a
  `transformers.pipeline` inside, and Quix Streams with the pipeline inside `apply`, all at least
  once and with the threads that were fastest for a pipeline alone, the peers also at their fastest
  settings and batch size. `ratios.best_peer`.
- as shipped: each with the defaults of its libraries; ours is exactly once.
  `ratios.best_peer_as_shipped`.
- `ratios.worker`: the product over its own inference worker, asked the same texts in the same run
  with nothing around it; `worker_as_shipped` is the same with the defaults of both.
- latency: from when an event is handed to its producer (at once Kafka's timestamp) to when a
  read_committed reader has its result, at half of the product's rate.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from inference.client import InferenceClient, InferenceSettings
from inference.messages import ModelInfo
from tests.benchmarks import latency, report, traffic
from tests.benchmarks.loops import Loop, Setup, pipeline_loop
from tests.benchmarks.peers.options import AT_LEAST_ONCE, EXACTLY_ONCE
from tests.benchmarks.records import Reviews
from tests.benchmarks.relay import Run, broker, described, filled, run
from tests.benchmarks.shapes import SLOT, Shape, bundled
from tests.benchmarks.systems import System, prepare
from tests.benchmarks.texts import HELP, Texts

OURS: Final = System(name="shopstreams", program="product", guarantee=AT_LEAST_ONCE)
PEERS: Final = (
    System(name="stock_faust", program="faust_pipeline", guarantee=AT_LEAST_ONCE),
    System(name="quix_streams", program="quix_pipeline", guarantee=AT_LEAST_ONCE),
)
OURS_SHIPPED: Final = System(
    name="shopstreams_as_shipped", program="product", guarantee=EXACTLY_ONCE
)
PEERS_SHIPPED: Final = tuple(
    System(name=f"{one.name}_as_shipped", program=one.program, guarantee=one.guarantee)
    for one in PEERS
)
SYSTEMS: Final = (OURS, *PEERS, OURS_SHIPPED, *PEERS_SHIPPED)
SWEEP_TEXTS: Final = 400
TRIAL_TEXTS: Final = 50
BATCHES: Final = (1, 8, 32)
LOAD: Final = 0.5
"""Share of our own rate at which the latency is taken."""


Runs = Mapping[str, Sequence[Run]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured."""

    rounds: int
    events: int  # of a run of ours
    peer_events: int  # of a run of a peer, which is slower
    shipped_events: int  # of a run of a peer as it is shipped, which is slower still
    seconds: float  # of the latency's run

    def of(self, one: System) -> int:
        """Return the events of a system's run."""
        if one.program == OURS.program:
            return self.events
        return self.shipped_events if one in PEERS_SHIPPED else self.peer_events


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What was fastest for a pipeline here."""

    batch: int
    threads: int


class Contest:
    """All systems' runs on one broker."""

    def __init__(self, bootstrap: str, shape: Shape, texts: Texts, plan: Plan) -> None:
        self._bootstrap, self._shape, self._texts, self._plan = bootstrap, shape, texts, plan
        self._reviews = Reviews(name=texts.name, texts=texts.reviews)
        self.runs: dict[str, list[Run]] = {one.name: [] for one in SYSTEMS}
        self.worker: dict[System, list[float]] = {OURS: [], OURS_SHIPPED: []}
        self.info, _ = self._ask_worker(TRIAL_TEXTS)
        self.tuned = fastest(self.info, shape, texts.reviews[:SWEEP_TEXTS])
        print(f"a pipeline is fastest at {self.tuned}", file=sys.stderr)

    def run(self) -> None:
        """Let everybody have a turn in every round."""
        sources = {
            events: filled(self._bootstrap, self._reviews, events)
            for events in {self._plan.of(one) for one in SYSTEMS}
        }
        for _ in range(self._plan.rounds):
            for one, threads in ((OURS, self.tuned.threads), (OURS_SHIPPED, 0)):
                self.worker[one].append(self._ask_worker(self._plan.events, threads)[1])
            for one in SYSTEMS:
                found = run(one, sources[self._plan.of(one)], **self._options(one))
                self.runs[one.name].append(found)

    def latency(self) -> dict[str, Any]:
        """Return the latency of the product as shipped, at half of its rate, and its parts."""
        rate = LOAD * statistics.median(_rates(self.runs, OURS_SHIPPED))
        taken = latency.turn(
            OURS_SHIPPED,
            self._bootstrap,
            self._reviews,
            rate,
            self._plan.seconds,
            **self._options(OURS_SHIPPED),
        )
        took = [one.took_ms for one in taken]
        shares = {
            name: report.summary([report.quantile(took, share)], 2)
            for name, share in latency.SHARES.items()
        }
        parts = {"parts_p50": latency.parts(taken)}
        return {"rate": round(rate, 1), "events": len(taken), **shares, **parts}

    def _options(self, one: System) -> dict[str, Any]:
        shipped = {"model": str(self._shape.folder), "device": self.info.device}
        if one in (OURS_SHIPPED, *PEERS_SHIPPED):
            return shipped
        return {**shipped, "dtype": self.info.dtype, **vars(self.tuned)}

    def _ask_worker(self, count: int, threads: int = 0) -> tuple[ModelInfo, float]:
        """Return the worker's model, and its rate with nothing around it."""
        settings = InferenceSettings(
            models={SLOT: str(self._shape.folder)}, cache_bytes=0, threads=threads
        )

        async def ask() -> tuple[ModelInfo, float]:
            async with InferenceClient(settings) as client:
                await traffic.flood(client, self._texts.reviews[-TRIAL_TEXTS:])
                flooded = await traffic.flood(client, self._texts.reviews[:count])
                return client.models[SLOT], flooded.rate

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(ask())


def fastest(info: ModelInfo, shape: Shape, texts: Sequence[str]) -> Tuned:
    """Return the batch size and the threads at which a bare pipeline is the fastest."""
    times: dict[tuple[int, int], float] = {}
    for threads in range(1, len(os.sched_getaffinity(0)) + 1):
        setup = Setup(
            folder=shape.folder,
            device=info.device,
            dtype=info.dtype,
            threads=threads,
            max_tokens=shape.max_tokens,
        )
        with Loop(pipeline_loop, setup) as loop:
            loop.seconds(texts[:TRIAL_TEXTS], 1)
            times |= {(batch, threads): loop.seconds(texts, batch) for batch in BATCHES}
    batch, threads = min(times, key=times.__getitem__)
    return Tuned(batch=batch, threads=threads)


QUICK: Final = Plan(rounds=1, events=2_000, peer_events=600, shipped_events=200, seconds=5.0)


def ratios(runs: Runs, worker: Mapping[System, Sequence[float]]) -> dict[str, Any]:
    """Return the product's rate over the best peer's and over its worker's, by round."""
    return {
        "best_peer": report.ratio(_rates(runs, OURS), _best(runs, PEERS)),
        "best_peer_as_shipped": report.ratio(
            _rates(runs, OURS_SHIPPED), _best(runs, PEERS_SHIPPED)
        ),
        "worker": report.ratio(_rates(runs, OURS), worker[OURS]),
        "worker_as_shipped": report.ratio(_rates(runs, OURS_SHIPPED), worker[OURS_SHIPPED]),
    }


def _rates(runs: Runs, one: System) -> list[float]:
    return [each.rate for each in runs[one.name]]


def _best(runs: Runs, systems: Sequence[System]) -> list[float]:
    return [max(each) for each in zip(*(_rates(runs, one) for one in systems), strict=True)]


def main() -> None:
    """Measure Kafka to Kafka with the bundled sentiment model."""
    parser = report.arguments(main.__doc__ or "", data=HELP)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--events", type=int, default=6_000)
    parser.add_argument("--peer-events", type=int, default=2_000)
    parser.add_argument("--shipped-events", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=20.0, help="of the latency's run")
    parser.add_argument("--quick", action="store_true", help="one round of fewer events")
    options = parser.parse_args()
    plan = (
        QUICK
        if options.quick
        else Plan(
            rounds=options.rounds,
            events=options.events,
            peer_events=options.peer_events,
            shipped_events=options.shipped_events,
            seconds=options.seconds,
        )
    )
    texts = Texts.read(options.data)
    versions = prepare(SYSTEMS)
    head = report.machine("end_to_end", rounds=plan.rounds, texts=texts.name)
    with bundled() as shape, broker() as bootstrap:
        contest = Contest(bootstrap, shape, texts, plan)
        contest.run()
        waits = contest.latency()
    runs, info = contest.runs, contest.info
    found = {one.name: described(runs[one.name], plan.of(one)) for one in SYSTEMS}
    report.write(
        options.json,
        {
            **head,
            "model": {"dtype": info.dtype, "device": info.device, "hash": info.hash},
            "pipeline_tuned": vars(contest.tuned),
            "versions": versions,
            "systems": found,
            "worker": report.summary(contest.worker[OURS], 1),
            "worker_as_shipped": report.summary(contest.worker[OURS_SHIPPED], 1),
            "latency_at_half_load": waits,
            "ratios": ratios(runs, contest.worker),
        },
    )


if __name__ == "__main__":
    main()
