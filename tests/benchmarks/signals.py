"""What signals cost the loop and the process, in processor time: one pipeline's calls, no broker.

`overhead` compares rates, which other programs on the machine disturb. Here a partition's signals
are told of chunks and settlings as its pipeline tells them, and nothing else is done:

- off: the hooks alone.
- metrics: everything is counted.
- all: the same, and spans are made and encoded as the collector gets them, of 1% of the chunks and
  of each event that its producer samples, 1 in 1,000.

An event of the engine takes some 17 us (`engine`): that is what these are to be compared with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from faust.types import TP
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from inference.messages import Answer
from inference.testing import fake_model
from streams.chunks import MAX_CHUNK_RECORDS, Chunk
from streams.frontier import Frontier
from streams.outgoing import Stamp
from streams.position import Position
from streams.publisher import Publication
from streams.telemetry.figures import new_figures
from streams.telemetry.hooks import SILENT, Signals
from streams.telemetry.recorder import Recorder
from streams.telemetry.tracing import SpanMaker
from streams.testing import MemoryPartition
from tests.benchmarks import report
from tests.benchmarks.overhead import TRACED_EVERY

SOURCE: Final = TP("reviews", 0)
CHUNKS_A_SETTLING: Final = 8
TRACED_SHARE: Final = 0.01
MICROSECONDS: Final = 1e6
PLACES: Final = range(MAX_CHUNK_RECORDS)


class Encoder(SpanExporter):
    """Does what an exporter does before it sends."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Encode."""
        encode_spans(spans)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Do nothing."""


def chunks(count: int) -> list[Chunk]:
    """Return that many full chunks, some of their events traced."""
    frontier, partition = Frontier(), MemoryPartition(topic=SOURCE.topic)
    frontier.open(Position(0))
    made = [
        chunk
        for _ in range(count)
        for chunk in partition.chunks(frontier, [b"{}"] * MAX_CHUNK_RECORDS)
    ]
    now_ms = int(time.time() * 1000)
    for record in (record for chunk in made for record in chunk.records):
        record.timestamp, number = now_ms, record.offset + 1
        if number % TRACED_EVERY == 0:
            parent = f"00-{number:032x}-{number:016x}-01"
            record.headers = [("traceparent", parent.encode())]
    return made


def tell(signals: Signals, taken: Sequence[Chunk]) -> None:
    """Tell what a pipeline tells of these chunks."""
    told = signals.partition(SOURCE, "sentiment")
    zeros = np.zeros(MAX_CHUNK_RECORDS, dtype=np.float32)
    model = fake_model("sentiment", ["negative", "positive"])
    rows = np.zeros((MAX_CHUNK_RECORDS, model.width), dtype=np.float32)
    answer = Answer(rows=rows, errors={}, queue_ms=zeros, compute_ms=zeros, model=model)
    outcomes = [Publication(topic="review-labels", key=b"user", value=b"{}") for _ in PLACES]
    for number, chunk in enumerate(taken, 1):
        stamp = Stamp(started_at=time.time())
        told.taken(chunk, stamp)
        told.answered(stamp, answer)
        for record in chunk.records:
            if record.headers:
                told.headers(record, stamp)
        told.sent([(stamp, PLACES)], outcomes)
        if number % CHUNKS_A_SETTLING == 0:
            told.settled(Position(chunk.records[-1].offset + 1), 0.01)


def main() -> None:
    """Measure what signals cost in processor time."""
    parser = report.arguments(main.__doc__ or "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chunks", type=int, default=400)
    options = parser.parse_args()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(Encoder()))
    maker = SpanMaker(provider.get_tracer("benchmark"), TRACED_SHARE)
    ways: dict[str, Callable[[], Signals]] = {
        "off": lambda: SILENT,
        "metrics": lambda: Recorder(new_figures()),
        "all": lambda: Recorder(new_figures(), maker.partition),
    }
    found: dict[str, dict[str, list[float]]] = {name: {"loop": [], "process": []} for name in ways}
    events = options.chunks * MAX_CHUNK_RECORDS
    for _ in range(options.rounds):
        for name, make in ways.items():
            taken, signals = chunks(options.chunks), make()
            process, loop = time.process_time(), time.thread_time()
            tell(signals, taken)
            found[name]["loop"].append((time.thread_time() - loop) / events * MICROSECONDS)
            provider.force_flush()
            found[name]["process"].append((time.process_time() - process) / events * MICROSECONDS)
    head = report.machine("signals", rounds=options.rounds, chunks=options.chunks)
    figures = {
        name: {f"{where}_us_an_event": report.summary(values, 3) for where, values in each.items()}
        for name, each in found.items()
    }
    report.write(options.json, {**head, "signals": figures})


if __name__ == "__main__":
    main()
