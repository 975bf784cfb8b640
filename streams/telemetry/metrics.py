"""All metrics of the worker: their declarations, and where each one's numbers come from.

Nothing is kept here. Whoever asks for `/metrics` gets what pipelines have counted (`figures`) and
how things stand at that moment (`standing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from streams.telemetry.figures import Figures
from streams.telemetry.standing import Standing

PREFIX: Final = "shopstreams_"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Value = tuple[tuple[str, ...], float]
"""Labels and a number."""


@dataclass(frozen=True)
class _Declared:
    short: str
    help: str
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The family's name; a counter's samples end in `_total`."""
        return PREFIX + self.short


class Counts(_Declared):
    """A counter: it grows until the worker, or the inference worker behind it, starts again."""

    def family(self, values: Iterable[Value]) -> Metric:
        """Return the family with these values."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in values:
            family.add_metric(labels, value)
        return family


class Stands(_Declared):
    """A gauge."""

    def family(self, values: Iterable[Value]) -> Metric:
        """Return the family with these values."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in values:
            family.add_metric(labels, value)
        return family


class Spreads(_Declared):
    """A histogram, of seconds."""

    def of(self, figures: Figures) -> Metric:
        """Return the family: a histogram a task and step."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        for task, counted in figures.items():
            for step, buckets in counted.steps.items():
                family.add_metric((task, step), buckets.cumulative(), buckets.sum_s)
        return family


_TASK, _PLACE, _SLOT = ("task",), ("topic", "partition"), ("slot",)

EVENTS = Counts("events", "Events taken in.", _TASK)
OUTCOMES = Counts("outcomes", "Outcomes that the broker has, by topic.", ("task", "topic"))
DEAD_LETTERS = Counts("dead_letters", "Dead letters that the broker has.", ("task", "reason"))
ASKED = Counts("asked_items", "Items that a model was asked.", _TASK)
CACHE_HITS = Counts("cache_hits", "Items whose row was known or computed for a twin.", _TASK)
MISSES = Counts("deadline_misses", "Items whose turn did not come before their deadline.", _TASK)
STEPS = Spreads("step_seconds", "Where the time goes, by step.", ("task", "step"))

LAG = Stands("lag_records", "Offsets from the frontier to the end of the partition.", _PLACE)
FRONTIER_AGE = Stands(
    "frontier_age_seconds", "How long the oldest unfinished record has been in work.", _PLACE
)
IN_FLIGHT = Stands("in_flight_records", "Records taken in and not released.", _PLACE)
PARTITIONS = Stands("partitions", "Source partitions that this worker owns.")
READY = Stands("ready", "Whether /readyz says yes.")
LOOP_DELAY = Stands("loop_delay_seconds", "Worst delay of the event loop in the last second.")

WORKER_UP = Stands("worker_up", "Whether an inference worker is there, its models warm.")
WORKER_RESTARTS = Counts("worker_restarts", "Inference workers that ended by themselves.")
LANE_DEPTH = Stands("lane_depth", "Items that wait for the device.", ("lane",))
BATCHES = Counts("batches", "Batches that the device computed.", _SLOT)
BATCH_ITEMS = Counts("batch_items", "Items that rode in them.", _SLOT)
BATCH_TOKENS = Counts("batch_tokens", "Tokens of the items in them.", _SLOT)
PADDED_TOKENS = Counts("batch_padded_tokens", "The same, padding included.", _SLOT)
ALLOWED_TOKENS = Counts("batch_allowed_tokens", "What the batches might have held.", _SLOT)
DEVICE_BUSY = Counts("device_busy_seconds", "Time that the device computed.", _SLOT)
DEVICE_MEMORY = Stands("device_memory_bytes", "Memory that the worker holds.", ("device",))
CACHED_ROWS = Stands("cached_rows", "Texts whose scores are known.")
CACHED_BYTES = Stands("cached_bytes", "Memory that those take.")
MODEL = Stands("model_info", "1 for each model in use.", ("slot", "name", "hash"))

DECLARED: Final[tuple[_Declared, ...]] = tuple(
    one for one in list(globals().values()) if isinstance(one, _Declared)
)


class WorkerCollector(Collector):
    """Reads a worker's metrics when somebody asks for them."""

    def __init__(
        self, figures: Figures, standing: Callable[[], Standing], topic_ids: Mapping[str, str]
    ) -> None:
        self._figures = figures
        self._standing = standing
        self._topic_ids = topic_ids  # by the broker's name

    def collect(self) -> Iterator[Metric]:
        """Yield every declared family."""
        standing = self._standing()
        yield from self._of_tasks()
        yield from _of_partitions(standing)
        yield from _of_inference(standing)
        yield from _of_batches(standing)

    def _of_tasks(self) -> Iterator[Metric]:
        tasks = self._figures
        yield EVENTS.family(((task,), one.events) for task, one in tasks.items())
        yield OUTCOMES.family(
            ((task, self._topic_ids.get(topic, topic)), count)
            for task, one in tasks.items()
            for topic, count in one.outcomes.items()
        )
        yield DEAD_LETTERS.family(
            ((task, code), count)
            for task, one in tasks.items()
            for code, count in one.buried.items()
        )
        yield ASKED.family(((task,), one.asked) for task, one in tasks.items())
        yield CACHE_HITS.family(((task,), one.cached) for task, one in tasks.items())
        yield MISSES.family(((task,), one.missed) for task, one in tasks.items())
        yield STEPS.of(tasks)


def _of_partitions(standing: Standing) -> Iterator[Metric]:
    places = [((one.tp.topic, str(one.tp.partition)), one) for one in standing.partitions]
    yield LAG.family((place, one.lag) for place, one in places if one.lag is not None)
    yield FRONTIER_AGE.family((place, one.oldest_s) for place, one in places)
    yield IN_FLIGHT.family((place, one.in_flight) for place, one in places)
    yield PARTITIONS.family([((), len(places))])
    yield READY.family([((), not standing.problems())])
    yield LOOP_DELAY.family([((), standing.loop_delay_s)])


def _of_inference(standing: Standing) -> Iterator[Metric]:
    statistics = standing.statistics
    yield WORKER_UP.family([((), standing.is_up)])
    yield WORKER_RESTARTS.family([((), standing.deaths)])
    yield LANE_DEPTH.family(((lane,), depth) for lane, depth in statistics.waiting.items())
    yield DEVICE_MEMORY.family(((name,), held) for name, held in statistics.device_bytes.items())
    yield CACHED_ROWS.family([((), statistics.cached_rows)])
    yield CACHED_BYTES.family([((), statistics.cached_bytes)])
    yield MODEL.family(((one.slot, one.name, one.hash), 1) for one in standing.models.values())


def _of_batches(standing: Standing) -> Iterator[Metric]:
    worked = standing.statistics.worked
    yield BATCHES.family(((slot,), one.batches) for slot, one in worked.items())
    yield BATCH_ITEMS.family(((slot,), one.items) for slot, one in worked.items())
    yield BATCH_TOKENS.family(((slot,), one.tokens) for slot, one in worked.items())
    yield PADDED_TOKENS.family(((slot,), one.padded_tokens) for slot, one in worked.items())
    yield ALLOWED_TOKENS.family(((slot,), one.allowed_tokens) for slot, one in worked.items())
    yield DEVICE_BUSY.family(((slot,), one.busy_s) for slot, one in worked.items())


def exposition(collector: WorkerCollector) -> Callable[[], bytes]:
    """Return what renders the metrics as Prometheus reads them, with those of the process."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(collector)
    return lambda: generate_latest(registry)
