"""Kafka to Kafka with the bundled sentiment model: the product beside what one would write else.

One broker, the same real reviews in the same order, none twice and no cache of texts, the same
weights, in turn over several rounds; how a run is timed stands in `watch`.

- in one dtype, the worker's: the product, a stock Faust agent with `take()` and a
  `transformers.pipeline` inside, and Quix Streams with the pipeline inside `apply`, these at the
  settings, batch sizes and threads that were fastest, all at least once. `ratios.best_peer`.
- as shipped: each with the defaults of its libraries; ours is exactly once.
  `ratios.best_peer_as_shipped`.
- `ratios.worker`: the product over its own inference worker, asked the same texts in the same run
  with nothing around it.
- latency: from Kafka's timestamp of the event to when a read_committed reader has its result, at
  half of the product's rate.
"""

from __future__ import annotations

import asyncio
import os
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
from tests.benchmarks.relay import Run, Source, broker, described, filled, run
from tests.benchmarks.shapes import SLOT, bundled
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
BATCHES: Final = (1, 8, 32)
LOAD: Final = 0.5
"""Share of our own rate at which the latency is taken."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What was fastest for a pipeline here."""

    batch: int
    threads: int


Runs = Mapping[str, Sequence[Run]]


def fastest(info: ModelInfo, folder: Any, max_tokens: int, texts: Sequence[str]) -> Tuned:
    """Return the batch size and the threads at which a bare pipeline is the fastest."""
    times: dict[tuple[int, int], float] = {}
    for threads in range(1, len(os.sched_getaffinity(0)) + 1):
        setup = Setup(
            folder=folder,
            device=info.device,
            dtype=info.dtype,
            threads=threads,
            max_tokens=max_tokens,
        )
        with Loop(pipeline_loop, setup) as loop:
            loop.seconds(texts[: BATCHES[-1]], 1)
            times |= {(batch, threads): loop.seconds(texts, batch) for batch in BATCHES}
    batch, threads = min(times, key=times.__getitem__)
    return Tuned(batch=batch, threads=threads)


async def worker_alone(
    folder: Any, texts: Sequence[str], rounds: int
) -> tuple[ModelInfo, list[float]]:
    """Return the worker's model and its rates with nothing around it."""
    settings = InferenceSettings(models={SLOT: str(folder)}, cache_bytes=0)
    async with InferenceClient(settings) as client:
        await traffic.flood(client, texts[:SWEEP_TEXTS])
        rates = [(await traffic.flood(client, texts)).rate for _ in range(rounds)]
        return client.models[SLOT], rates


def ratios(runs: Runs, worker: Sequence[float]) -> dict[str, Any]:
    """Return the product's rate over the best peer's and over its worker's, by round."""
    return {
        "best_peer": report.ratio(_rates(runs, OURS), _best(runs, PEERS)),
        "best_peer_as_shipped": report.ratio(
            _rates(runs, OURS_SHIPPED), _best(runs, PEERS_SHIPPED)
        ),
        "worker": report.ratio(_rates(runs, OURS), worker),
        "worker_as_shipped": report.ratio(_rates(runs, OURS_SHIPPED), worker),
    }


def _rates(runs: Runs, one: System) -> list[float]:
    return [each.rate for each in runs[one.name]]


def _best(runs: Runs, systems: Sequence[System]) -> list[float]:
    return [max(each) for each in zip(*(_rates(runs, one) for one in systems), strict=True)]


def _latencies(bootstrap: str, reviews: Reviews, rate: float, seconds: float, **more: Any) -> Any:
    taken = latency.turn(OURS_SHIPPED, bootstrap, reviews, rate, seconds, **more)
    found = {
        name: report.summary([report.quantile(taken, share)], 2)
        for name, share in latency.SHARES.items()
    }
    return {"rate": round(rate, 1), "events": len(taken), **found}


def _relay(
    one: System, source: Source, tuned: Mapping[str, Any], shipped: Mapping[str, Any]
) -> Run:
    return run(one, source, **(shipped if one in (OURS_SHIPPED, *PEERS_SHIPPED) else tuned))


def main() -> None:
    """Measure Kafka to Kafka with the bundled sentiment model."""
    parser = report.arguments(main.__doc__ or "", data=HELP)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=8_000)
    parser.add_argument("--peer-events", type=int, default=3_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of the latency's run")
    parser.add_argument("--quick", action="store_true", help="one round of fewer events")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.events, options.peer_events, options.seconds = 1, 2_000, 600, 5.0
    texts = Texts.read(options.data)
    versions = prepare(SYSTEMS)
    head = report.machine("end_to_end", rounds=options.rounds, texts=texts.name)
    reviews = Reviews(name=texts.name, texts=texts.reviews)
    runs: dict[str, list[Run]] = {one.name: [] for one in SYSTEMS}
    with (
        bundled() as shape,
        broker() as bootstrap,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        asked = texts.reviews[: options.events]
        info, worker = runner.run(worker_alone(shape.folder, asked, options.rounds))
        best = fastest(info, shape.folder, shape.max_tokens, texts.reviews[:SWEEP_TEXTS])
        print(f"worker {worker}, pipeline best at {best}", file=sys.stderr)
        shipped = {"model": str(shape.folder), "device": info.device}
        tuned = {**shipped, "dtype": info.dtype, **vars(best)}
        whole = filled(bootstrap, reviews, options.events)
        part = filled(bootstrap, reviews, options.peer_events)
        for _ in range(options.rounds):
            for one in SYSTEMS:
                source = whole if one.program == OURS.program else part
                runs[one.name].append(_relay(one, source, tuned, shipped))
        rate = LOAD * report.summary(_rates(runs, OURS_SHIPPED), 1)["median"]
        waits = _latencies(bootstrap, reviews, rate, options.seconds, **shipped)
    report.write(
        options.json,
        {
            **head,
            "model": {"dtype": info.dtype, "device": info.device, "hash": info.hash},
            "pipeline_tuned": vars(best),
            "versions": versions,
            "systems": {
                one.name: described(
                    runs[one.name],
                    options.events if one.program == OURS.program else options.peer_events,
                )
                for one in SYSTEMS
            },
            "worker": report.summary(worker, 1),
            "latency_at_half_load": waits,
            "ratios": ratios(runs, worker),
        },
    )


if __name__ == "__main__":
    main()
