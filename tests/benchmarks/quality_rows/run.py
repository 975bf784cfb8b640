"""From the sets that are asked for to one report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.quality_rows import aspects, intents, moderation, replies, retail, speed
from tests.benchmarks.quality_rows import sentiment as reviews
from tests.benchmarks.quality_rows.figures import Row
from tests.benchmarks.report import arguments, machine, write

THREADS: Final = 2
SETS: Final[Mapping[str, Callable[[Path], Iterator[Row]]]] = {
    **{name: partial(reviews.rows_of, name) for name in reviews.SETS},
    "cold": moderation.cold,
    "hint3": intents.hint3,
    "banking77": intents.banking77,
    "mams": aspects.mams,
    "online_retail": retail.online_retail,
    "jddc2018_10k": replies.jddc,
    "speed": speed.speed,
}


def main() -> None:
    """Measure all models, or those of the sets that are named."""
    parser = arguments(main.__doc__ or "", data="folder with the public sets")
    parser.add_argument("--set", choices=SETS, nargs="+", help="sets to measure; by default all")
    parser.add_argument("--threads", type=int, default=THREADS, help="that compute")
    options = parser.parse_args()
    if options.data is None or not options.data.is_dir():
        parser.error("--data must be the folder with the public sets")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch

    torch.set_num_threads(options.threads)
    rows = list(measured(options.data, options.set or list(SETS)))
    write(options.json, machine("quality", threads=options.threads, rows=rows))


def measured(data: Path, names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the sets, each said as soon as it is there."""
    for name in names:
        for row in SETS[name](data):
            print(line(row), flush=True)
            yield {**asdict(row), "standing": row.standing}


def line(row: Row) -> str:
    """Return a row for people."""
    model = "no model" if row.model is None else f"{row.model.value}"
    floor = "-" if row.floor is None else f"{row.floor.value}"
    return (
        f"{row.set}, {row.metric}: {model} (floor {floor}, must {row.must}, aim {row.aim}): "
        f"{row.standing}"
    )
