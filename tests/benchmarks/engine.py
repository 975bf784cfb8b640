"""Events a second: ours beside stock Faust, Quix Streams and a bare client, both guarantees.

One broker, the same real records in one topic of 4 partitions, the same work (parse and validate,
an identity model, build and encode the result, publish, commit), one process each, in turn over
several rounds; how a run is timed stands in `watch`. Stock Faust's transactions get the first
`--slow-events` only, from a topic of their own: they are too slow for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks import report
from tests.benchmarks.peers.options import AT_LEAST_ONCE, EXACTLY_ONCE
from tests.benchmarks.records import Reviews
from tests.benchmarks.relay import Run, broker, described, filled, run
from tests.benchmarks.systems import GUARANTEES, System, prepare, system

OURS = {guarantee: system("shopstreams", "ours", guarantee) for guarantee in GUARANTEES}
BARE = System(name="bare_client", program="bare", guarantee=AT_LEAST_ONCE)
SYSTEMS = (
    *OURS.values(),
    *(system("stock_faust", "stock", guarantee) for guarantee in GUARANTEES),
    *(system("quix_streams", "quix", guarantee) for guarantee in GUARANTEES),
    BARE,
    System(name="bare_client_exactly_once", program="bare", guarantee=EXACTLY_ONCE),
)

Runs = Mapping[str, Sequence[Run]]


def ratios(runs: Runs) -> dict[str, Any]:
    """Return ours over each peer of the same guarantee, by round."""
    rates = {name: [one.rate for one in each] for name, each in runs.items()}
    return {
        one.name: report.ratio(rates[OURS[one.guarantee].name], rates[one.name])
        for one in SYSTEMS
        if one.program != "ours" and one.name in rates and OURS[one.guarantee].name in rates
    }


def cost(runs: Runs) -> dict[str, Any] | None:
    """Return ours exactly once over ours at least once, by round."""
    rates = [[one.rate for one in runs.get(OURS[each].name, [])] for each in GUARANTEES]
    return report.ratio(rates[1], rates[0]) if all(rates) else None


def main() -> None:
    """Measure events a second of ours and of others."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--slow-events", type=int, default=30_000)
    parser.add_argument("--only", nargs="+", help="names of systems, or beginnings of them")
    options = parser.parse_args()
    chosen = [one for one in SYSTEMS if one.name.startswith(tuple(options.only or [""]))]
    versions, reviews = prepare(chosen), Reviews.read(options.data)
    head = report.machine("engine", rounds=options.rounds, events=options.events)
    runs: dict[str, list[Run]] = {one.name: [] for one in chosen}
    with broker() as bootstrap:
        whole = filled(bootstrap, reviews, options.events)
        part = filled(bootstrap, reviews, min(options.events, options.slow_events))
        for _ in range(options.rounds):
            for one in chosen:
                runs[one.name].append(run(one, part if one.is_slow else whole))
    found = {
        one.name: described(runs[one.name], (part if one.is_slow else whole).events)
        for one in chosen
    }
    report.write(
        options.json,
        {
            **head,
            "records": reviews.name,
            "versions": versions,
            "systems": found,
            "ratios": ratios(runs),
            "exactly_once_cost": cost(runs),
        },
    )


if __name__ == "__main__":
    main()
