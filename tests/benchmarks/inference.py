"""The inference worker beside offline loops and `transformers.pipeline`, and chat under a flood.

Everything runs on the same real reviews, none twice, in one order, the cache off; in the dtype and
with the threads that the worker chose by itself; each system in a process of its own, in turn over
several rounds, at the batch size that a sweep found best for it. The worker is asked through its
client, from another process.

- `NAME_processor_us` is the processor time of a text, in all threads: unlike the rates it hardly
  depends on what else the machine does.
- `offline` is the faster of two loops over texts that are sorted by length: one on transformers,
  one on our own model's code. `offline_all_cores`, once, is told for comparison: it has no core to
  leave to anybody.
- A message of a customer counts from when it was due. `chat_p99_added_batches` is what the flood
  adds to its p99, in times that half of the flood's batches do not pass.
- `matrix_share` is what the layers' matrices do, padding left out, of what one large product does.

`ratios` are those of the model that stands worst, if several were measured.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from inference.client import InferenceClient, InferenceSettings
from inference.device import choose_threads
from inference.messages import ModelInfo
from tests.benchmarks import report, traffic
from tests.benchmarks.loops import (
    MATRIX,
    Loop,
    Setup,
    matrix_product,
    own_loop,
    pipeline_loop,
    transformers_loop,
)
from tests.benchmarks.shapes import SHAPES, SLOT, Shape
from tests.benchmarks.systems import processor_s
from tests.benchmarks.texts import HELP, Texts
from tests.benchmarks.traffic import Message

TEXT_SIZES: Final = {"cpu": (1, 8, 32, 128), "cuda": (32, 128, 512, 2048)}
TOKEN_SIZES: Final = {"cpu": (512, 2048, 8192), "cuda": (8192, 32_768, 131_072)}
"""Batches that are tried, by the kind of device: of so many texts, and of so many padded tokens."""
SWEEP_SHARE: Final = 4
"""A sweep takes a quarter of a round's texts for each size."""
TRIAL_TEXTS: Final = 16
CHAT_SHARE: Final = 0.02
"""Messages for each review that the worker could do: what they cost must not be much."""
LEAST_CHATS: Final = 20
"""Messages in one round, so that there is something to take a quantile of."""
SWAP_AFTER: Final = 0.2
"""Share of a round after which the models are swapped."""
PRODUCTS: Final = 50
MICROSECONDS: Final = 1e6

Values = Mapping[str, Sequence[float]]
"""By what was measured: one value a round."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: float  # about what a system takes in a round


class Measurement:
    """One model's rounds."""

    def __init__(self, client: InferenceClient, shape: Shape, texts: Texts, plan: Plan) -> None:
        self._client, self._shape, self._chats, self._plan = client, shape, texts.chats, plan
        self._info = client.models[SLOT]
        self._all = texts.reviews
        self.values: defaultdict[str, list[float]] = defaultdict(list)
        self.batch_sizes: dict[str, int] = {}
        self.counts: Counter[str] = Counter()

    async def run(self) -> dict[str, Any]:
        """Return this model's part of the report."""
        reviews = await self._sized()
        with ExitStack() as stack:
            loops = {
                name: stack.enter_context(Loop(make, self._setup(self._threads)))
                for name, make in (
                    ("offline_transformers", transformers_loop),
                    ("offline_own", own_loop),
                    ("pipeline", pipeline_loop),
                )
            }
            await self._sweep(loops, reviews)
            for number in range(self._plan.rounds):
                await self._race(loops, reviews)
                _told(self._shape.name, number, self.values)
        for _ in range(self._plan.rounds):
            await self._customers(reviews)
            await self._swap(reviews)
        return self._report(reviews)

    @property
    def _threads(self) -> int:
        return choose_threads(0)

    def _setup(self, threads: int) -> Setup:
        return Setup(
            folder=self._shape.folder,
            device=self._info.device,
            dtype=self._info.dtype,
            threads=threads,
            max_tokens=self._shape.max_tokens,
        )

    async def _sized(self) -> Sequence[str]:
        """Return as many texts as the worker does in a round's time."""
        await traffic.flood(self._client, self._all[:TRIAL_TEXTS])
        trial = await traffic.flood(self._client, self._all[:TRIAL_TEXTS])
        wanted = TRIAL_TEXTS
        while wanted < len(self._all) and wanted < trial.rate * self._plan.seconds / 2:
            wanted = min(len(self._all), int(trial.rate * self._plan.seconds))
            trial = await traffic.flood(self._client, self._all[: wanted // SWEEP_SHARE])
        return self._all[: max(TRIAL_TEXTS, int(trial.rate * self._plan.seconds))]

    async def _sweep(self, loops: Mapping[str, Loop], reviews: Sequence[str]) -> None:
        some = reviews[: max(TRIAL_TEXTS, len(reviews) // SWEEP_SHARE)]
        kind = self._info.device.partition(":")[0]
        for name, loop in loops.items():
            sizes = (TOKEN_SIZES if name == "offline_own" else TEXT_SIZES)[kind]
            self.batch_sizes[name] = await asyncio.to_thread(loop.best, some, sizes)

    async def _race(self, loops: Mapping[str, Loop], reviews: Sequence[str]) -> None:
        for name, loop in loops.items():
            spent = await asyncio.to_thread(loop.spend, reviews, self.batch_sizes[name])
            self._note_rate(name, reviews, len(reviews) / spent.seconds, spent.processor_s)
        used = processor_s(self._client.worker_pid or 0)
        flooded = await traffic.flood(self._client, reviews)
        used = processor_s(self._client.worker_pid or 0) - used
        self._note_rate("worker", reviews, flooded.rate, used)
        self.counts["failed"] += flooded.failed

    async def _customers(self, reviews: Sequence[str]) -> None:
        """Chat alone, a flood alone, and both."""
        seconds = self._plan.seconds
        rate = max(LEAST_CHATS / seconds, CHAT_SHARE * len(reviews) / seconds)
        alone = await traffic.chat_alone(self._client, self._chats, rate, seconds)
        flood_alone = await traffic.flood(self._client, reviews)
        flooded, flood = await traffic.chat_and_flood(self._client, self._chats, rate, reviews)
        values = self.values
        values["chat_a_second"].append(rate)
        values["batch_ms"].append(flood.batch_ms)
        values["flood_alone"].append(flood_alone.rate)
        values["flood_with_chat"].append(flood.rate)
        self._note_chat("chat_alone", alone)
        self._note_chat("chat_flooded", flooded)
        self.counts["failed"] += flood_alone.failed + flood.failed
        added = values["chat_flooded_p99_ms"][-1] - values["chat_alone_p99_ms"][-1]
        values["chat_p99_added_batches"].append(added / flood.batch_ms)

    async def _swap(self, reviews: Sequence[str]) -> None:
        """Swap the model for itself while customers and a flood are served."""
        rate = self.values["chat_a_second"][-1]
        load = asyncio.create_task(traffic.chat_and_flood(self._client, self._chats, rate, reviews))
        await asyncio.sleep(SWAP_AFTER * self._plan.seconds)
        began = time.perf_counter()
        await self._client.swap(SLOT, str(self._shape.folder))
        ended = time.perf_counter()
        messages, flood = await load
        during = [one for one in messages if began <= one.sent <= ended]
        self.values["swap_s"].append(ended - began)
        self.counts["swap_failed"] += flood.failed + sum(one.failed for one in messages)
        if during:
            self._note_chat("chat_swapping", during)
            rise = self.values["chat_swapping_p99_ms"][-1] - self.values["chat_flooded_p99_ms"][-1]
            self.values["swap_p99_added_batches"].append(rise / flood.batch_ms)

    def _all_cores(self, reviews: Sequence[str]) -> float:
        """Return the rate, once, of the loop that leaves no core to anybody."""
        cores = len(os.sched_getaffinity(0))
        with Loop(own_loop, self._setup(cores)) as loop:
            return round(len(reviews) / loop.seconds(reviews, self.batch_sizes["offline_own"]), 1)

    def _note_rate(self, name: str, texts: Sequence[str], rate: float, used_s: float) -> None:
        self.values[name].append(rate)
        self.values[f"{name}_processor_us"].append(used_s / len(texts) * MICROSECONDS)

    def _note_chat(self, name: str, messages: Sequence[Message]) -> None:
        took = [one.took_ms for one in messages]
        self.values[f"{name}_p50_ms"].append(report.quantile(took, 0.5))
        self.values[f"{name}_p99_ms"].append(report.quantile(took, 0.99))
        self.counts[f"{name}_messages"] += len(took)
        self.counts["failed"] += sum(one.failed for one in messages)

    def _report(self, reviews: Sequence[str]) -> dict[str, Any]:
        lengths = self._shape.lengths(reviews)
        tokens, operations = sum(lengths), self._shape.operations(lengths)
        peak = _peak(self._setup(self._threads))
        each = tokens / len(reviews)
        worker = self.values["worker"]
        self.values["worker_tokens_a_second"] = [rate * each for rate in worker]
        self.values["matrix_share"] = [rate / len(reviews) * operations / peak for rate in worker]
        return {
            "model": _described(self._info),
            "threads": self._threads,
            "texts": len(reviews),
            "tokens_a_text": round(each, 1),
            "batch_sizes": self.batch_sizes,
            "offline_all_cores": self._all_cores(reviews),
            "matrix_peak_tflops": round(peak / 1e12, 3),
            "ratios": ratios(self.values),
            "counts": self.counts,
            **{name: report.summary(values, 3) for name, values in self.values.items()},
        }


def ratios(values: Values) -> dict[str, Any]:
    """Return what the issue asks for, by round."""
    best = [
        max(pair)
        for pair in zip(values["offline_transformers"], values["offline_own"], strict=True)
    ]
    worker = values["worker"]
    found = {
        "offline": report.ratio(worker, best),
        "pipeline": report.ratio(worker, values["pipeline"]),
        "offline_by_processor": report.ratio(_cheapest(values), values["worker_processor_us"]),
        "flood_kept": report.ratio(values["flood_with_chat"], values["flood_alone"]),
        "chat_p99_added_batches": report.summary(values["chat_p99_added_batches"], 3),
    }
    if rises := values.get("swap_p99_added_batches"):
        found["swap_p99_added_batches"] = report.summary(rises, 3)
    return found


def _cheapest(values: Values) -> list[float]:
    """Return by round the processor time of a text in the cheaper of the two offline loops."""
    loops = [values[f"{name}_processor_us"] for name in ("offline_transformers", "offline_own")]
    return [min(pair) for pair in zip(*loops, strict=True)]


def worst(models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return each ratio of the model that stands worst in it."""
    found: dict[str, Any] = {}
    for name in models[0]["ratios"]:
        those = [one["ratios"][name] for one in models if name in one["ratios"]]
        choose = max if name.endswith("added_batches") else min
        found[name] = choose(those, key=lambda one: float(one["median"]))
    return found


def _peak(setup: Setup) -> float:
    """Return the operations a second of one large matrix product."""
    side = MATRIX[setup.device.partition(":")[0]]
    with Loop(matrix_product, setup) as loop:
        return PRODUCTS * 2 * side**3 / min(loop.seconds(PRODUCTS) for _ in range(2))


def _described(info: ModelInfo) -> dict[str, Any]:
    return {name: getattr(info, name) for name in ("hash", "device", "dtype", "batch_tokens")}


def _told(name: str, number: int, values: Values) -> None:
    last = ", ".join(f"{each} {rates[-1]:,.1f}" for each, rates in values.items())
    print(f"{name}, round {number + 1}: {last}", file=sys.stderr)


async def measured(shape: Shape, texts: Texts, plan: Plan) -> dict[str, Any]:
    """Return one model's part of the report."""
    settings = InferenceSettings(models={SLOT: str(shape.folder)}, cache_bytes=0)
    async with InferenceClient(settings) as client:
        return await Measurement(client, shape, texts, plan).run()


def main() -> None:
    """Measure the inference worker."""
    parser = report.arguments(main.__doc__ or "", data=HELP)
    parser.add_argument("--models", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one system in a round")
    parser.add_argument("--quick", action="store_true", help="one round of two seconds")
    options = parser.parse_args()
    plan = Plan(
        rounds=1 if options.quick else options.rounds,
        seconds=2.0 if options.quick else options.seconds,
    )
    texts = Texts.read(options.data)
    head = report.machine("inference", rounds=plan.rounds, seconds=plan.seconds, texts=texts.name)
    found: dict[str, dict[str, Any]] = {}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for name in options.models:
            with SHAPES[name]() as shape:
                found[name] = runner.run(measured(shape, texts, plan))
    report.write(options.json, {**head, "models": found, "ratios": worst(list(found.values()))})


if __name__ == "__main__":
    main()
