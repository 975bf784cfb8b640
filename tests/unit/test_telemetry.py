"""What pipelines count and trace, and what becomes of it when a partition begins again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
from faust.types import TP
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from streams.chunks import Record
from streams.delivery import AtLeastOnce
from streams.errors import DeliveryLost
from streams.pipeline import Pipeline
from streams.position import Position
from streams.telemetry.buckets import MOST_WAITING, Buckets
from streams.telemetry.context import carried
from streams.telemetry.figures import Figures, Step, new_figures
from streams.telemetry.hooks import SILENT, Signals
from streams.telemetry.recorder import Recorder
from streams.telemetry.tracing import SpanMaker
from streams.testing import MemoryPublisher
from tests.pipeline_bench import Bench, Handler, fake, review
from tests.waiting import until

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = PARENT[:-2] + b"00"


class Traced(Bench):
    """A pipeline whose records may have headers, and which tells of itself."""

    def __init__(self, signals: Signals, delivery: AtLeastOnce | None = None) -> None:
        super().__init__(model=fake(poison=["poison"]), handler=Handler(["r9"]), delivery=delivery)
        stage = self.pipeline._stage
        self.pipeline.cancel()
        self.pipeline = Pipeline(
            type(stage)(**{**vars(stage), "signals": signals}),
            TP("reviews", 0),
            self.frontier,
            delivery or AtLeastOnce(self.publisher),
        )

    def give(self, values: Sequence[bytes], headers: Sequence[tuple[str, bytes]] = ()) -> None:
        records: list[Record] = self.partition.append(values)
        for record in records:
            record.headers = headers
        self.accept(records)

    async def idle(self) -> None:
        await until(lambda: self.frontier.is_idle or self.pipeline.failed.done())


def headers_of(publisher: MemoryPublisher) -> list[Mapping[str, bytes]]:
    return [dict(one.headers) for one in publisher.published]


def test_buckets_count_as_one_by_one() -> None:
    buckets, all_ms = Buckets(), np.random.default_rng(7).exponential(900.0, 3 * MOST_WAITING)
    all_ms[:5] = [0.0, -3000.0, 1.0, 100.0, 1e9]
    for start in range(0, len(all_ms), 100):
        buckets.add(all_ms[start : start + 100])
    for name, count in buckets.cumulative():
        assert count == sum(value <= float(name) * 1000 for value in all_ms.tolist())
    assert buckets.sum_s == pytest.approx(all_ms[all_ms > 0].sum() / 1000)
    assert buckets.counts().sum() == len(all_ms)


@pytest.fixture
def figures() -> Figures:
    return new_figures()


async def test_events_and_outcomes_are_counted_once(figures: Figures) -> None:
    bench = Traced(Recorder(figures))
    bench.give([review(1), b"no json", review(2, "poison"), review(9), review(3)])
    await bench.idle()
    counted = figures["sentiment"]
    assert (counted.events, counted.asked, counted.missed) == (5, 4, 0)
    assert counted.outcomes == {"review-labels": 2, "dead-letters": 3}
    assert sum(counted.buried.values()) == 3
    assert counted.buried["model_failed"] == 1
    totals = {step: buckets.cumulative()[-1][1] for step, buckets in counted.steps.items()}
    assert totals[Step.WAIT] == totals[Step.TOTAL] == 5
    assert totals[Step.QUEUE] == totals[Step.COMPUTE] == 4
    assert totals[Step.DECODE] == 1
    bench.pipeline.cancel()


class Losing(AtLeastOnce):
    """Loses what was sent."""

    async def settle(self, position: Position) -> Mapping[TP, int]:
        raise DeliveryLost("told to")


async def test_what_was_not_settled_does_not_count(figures: Figures) -> None:
    bench = Traced(Recorder(figures), Losing(MemoryPublisher()))
    bench.give([review(1), b"no json"])
    await bench.idle()
    assert isinstance(bench.pipeline.failed.exception(), DeliveryLost)
    assert figures["sentiment"].events == 2
    assert not figures["sentiment"].outcomes
    assert not figures["sentiment"].buried


async def test_the_oldest_record_in_work_has_an_age(figures: Figures) -> None:
    recorder = Recorder(figures)
    bench, place = Traced(recorder), TP("reviews", 0)
    assert recorder.oldest_s(place) == recorder.oldest_s(TP("reviews", 5)) == 0
    bench.model.gate.clear()
    bench.give([review(1)])
    await until(lambda: recorder.oldest_s(place) > 0.02)
    bench.model.gate.set()
    await bench.idle()
    assert recorder.oldest_s(place) == 0
    bench.pipeline.cancel()


# -- traces


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("traceparent", PARENT), ("tracestate", b"a=b"), ("x", b"y")], 2),
        ([("traceparent", UNSAMPLED)], 1),
        ([("traceparent", PARENT), ("tracestate", b"a=" + b"b" * 600)], 1),
        ([("tracestate", b"a=b")], 0),
        ([("traceparent", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01")], 0),
        ([("traceparent", PARENT.upper())], 0),
        ([("traceparent", PARENT + b"\n")], 0),
        ([("traceparent", b"ff" + PARENT[2:])], 0),
        ([("traceparent", b"")], 0),
        ([], 0),
    ],
)
def test_only_a_valid_context_is_passed_on(headers: list[tuple[str, bytes]], expected: int) -> None:
    assert carried(headers) == tuple(headers[:expected])


async def test_outcomes_carry_their_events_trace_though_nothing_is_traced() -> None:
    bench = Traced(SILENT)
    bench.give([review(1)], [("traceparent", PARENT), ("shop-secret", b"s")])
    bench.give([review(2)])
    await bench.idle()
    assert headers_of(bench.publisher) == [{"traceparent": PARENT}, {}]
    bench.pipeline.cancel()


class Spans:
    """Spans that were ended, by name."""

    def __init__(self, share: float = 0.0) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.maker = SpanMaker(self.provider.get_tracer("test"), share)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    @property
    def count(self) -> int:
        return len(self._exporter.get_finished_spans())


@pytest.fixture
def spans() -> Iterator[Spans]:
    one = Spans()
    yield one
    one.provider.shutdown()


async def test_a_sampled_event_is_traced_from_its_producer_to_its_outcome(
    figures: Figures, spans: Spans
) -> None:
    bench = Traced(Recorder(figures, spans.maker.partition))
    bench.give([review(1)], [("traceparent", PARENT), ("tracestate", b"a=b")])
    await bench.idle()
    (event,), (chunk,) = spans.named("sentiment event"), spans.named("process sentiment")
    (publish,) = spans.named("publish")
    assert event.parent is not None
    assert f"{event.parent.trace_id:032x}-{event.parent.span_id:016x}".encode() in PARENT
    assert [link.context for link in event.links] == [chunk.context]
    assert [link.context for link in publish.links] == [chunk.context]
    assert [f"{one.context.span_id:016x}" for one in chunk.links] == ["b7ad6b7169203331"]
    assert [one.name for one in chunk.events] == ["answered"]
    assert event.attributes is not None
    assert event.attributes["shopstreams.result_id"] == "reviews-0-0-sentiment"
    (headers,) = headers_of(bench.publisher)
    trace_id, span_id = f"{event.context.trace_id:032x}", f"{event.context.span_id:016x}"
    assert headers == {
        "traceparent": f"00-{trace_id}-{span_id}-01".encode(),
        "tracestate": b"a=b",
    }
    bench.pipeline.cancel()


async def test_what_is_not_sampled_has_no_span(figures: Figures, spans: Spans) -> None:
    bench = Traced(Recorder(figures, spans.maker.partition))
    bench.give([review(1)], [("traceparent", UNSAMPLED)])
    bench.give([review(2)])
    await bench.idle()
    assert spans.count == 0
    assert headers_of(bench.publisher)[0] == {"traceparent": UNSAMPLED}
    bench.pipeline.cancel()


async def test_a_share_of_the_chunks_is_traced_unasked(figures: Figures) -> None:
    spans = Spans(share=0.25)
    bench = Traced(Recorder(figures, spans.maker.partition))
    for number in range(8):
        bench.give([review(number)])
        await bench.idle()
        await asyncio.sleep(0)
    assert len(spans.named("process sentiment")) == 2
    assert not spans.named("sentiment event")
    bench.pipeline.cancel()
    spans.provider.shutdown()
