"""Spans of OpenTelemetry: of chunks, of settlings, and of events whose producer traces them.

- A **chunk**'s span reaches from the start of work on it until the broker has all its outcomes. It
  is made where an event of the chunk is sampled by its producer, with links to those events, and
  of a share of the other chunks.
- An **event**'s span is made only where its `traceparent` says that it is sampled. It is a child
  of the producer's span, linked to its chunk's, and what its outcome's `traceparent` names.
- A **publish** span is that of a settling, linked to the chunks whose outcomes it holds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from faust.types import TP
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from inference.messages import Answer
from streams.chunks import Chunk, Record
from streams.outgoing import Stamp
from streams.position import Position
from streams.publisher import Headers
from streams.telemetry.context import TRACEPARENT, TRACESTATE, carried, parent_of, state_of

MAX_LINKS: Final = 128
MAX_EVENT_SPANS: Final = 512
"""Of one partition and not settled: a producer that samples everything gets no more."""
EXPORT_LIMIT_S: Final = 5.0

_NANOSECONDS: Final = 1_000_000_000


def create_provider(endpoint: str, instance: str) -> TracerProvider:
    """Return a provider that sends spans to a collector, from a thread of its own."""
    resource = Resource.create({"service.name": "shopstreams", "service.instance.id": instance})
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_LIMIT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class SpanMaker:
    """Makes the traces of partitions, and chooses the chunks that are traced unasked."""

    def __init__(self, tracer: Tracer, share: float) -> None:
        self.tracer = tracer
        self._share = share
        self._due = 0.0

    def partition(self, tp: TP, task: str) -> SpanTraces:
        """Return the traces of one pipeline."""
        return SpanTraces(self, tp, task)

    def is_chosen(self) -> bool:
        """Whether the next chunk is traced though no producer asks for it."""
        self._due += self._share
        if self._due < 1.0:
            return False
        self._due -= 1.0
        return True


class SpanTraces:
    """Implements `recorder.PartitionTraces`."""

    def __init__(self, maker: SpanMaker, tp: TP, task: str) -> None:
        self._maker = maker
        self._tracer = maker.tracer
        self._task = task
        self._attributes = {
            "messaging.system": "kafka",
            "messaging.destination.name": tp.topic,
            "messaging.destination.partition.id": str(tp.partition),
            "shopstreams.task": task,
        }
        self._place = f"{tp.topic}-{tp.partition}"
        self._chunks: deque[tuple[int, Span]] = deque()  # by last offset, not settled
        self._events: list[Span] = []  # likewise

    def taken(self, chunk: Chunk, stamp: Stamp) -> None:
        """Begin the chunk's span, if it is to have one."""
        records = chunk.records
        sampled = [one for record in records if record.headers and (one := _sampled(record))]
        if not sampled and not self._maker.is_chosen():
            return
        span = self._start(
            f"process {self._task}",
            SpanKind.CONSUMER,
            stamp.started_at,
            links=[Link(context) for context in sampled[:MAX_LINKS]],
            more={
                "messaging.batch.message_count": len(records),
                "messaging.kafka.offset": records[0].offset,
                "shopstreams.decode_ms": stamp.decode_ms,
            },
        )
        stamp.span = span
        self._chunks.append((records[-1].offset, span))

    def answered(self, stamp: Stamp, answer: Answer) -> None:
        """Note how long the chunk's items waited for the device, and how long that took."""
        if stamp.span is None or not len(answer.rows):
            return
        stamp.span.add_event(
            "answered",
            {
                "shopstreams.items": len(answer.rows),
                "shopstreams.cached": answer.cached,
                "shopstreams.errors": len(answer.errors),
                "shopstreams.queue_ms": float(answer.queue_ms.max()),
                "shopstreams.compute_ms": float(answer.compute_ms.max()),
                "shopstreams.model": answer.model.hash,
            },
        )

    def headers(self, record: Record, stamp: Stamp) -> Headers:
        """Return the context of a span of the event's own, or what it came with."""
        parent = _sampled(record)
        if parent is None or len(self._events) >= MAX_EVENT_SPANS:
            return carried(record.headers)
        span = self._start(
            f"{self._task} event",
            SpanKind.CONSUMER,
            stamp.started_at,
            context=set_span_in_context(NonRecordingSpan(parent)),
            links=[Link(stamp.span.get_span_context())] if stamp.span is not None else [],
            more={
                "messaging.kafka.offset": record.offset,
                "shopstreams.result_id": f"{self._place}-{record.offset}-{self._task}",
            },
        )
        self._events.append(span)
        return _headers(span.get_span_context(), state_of(record.headers))

    def settled(self, position: Position, took_s: float) -> None:
        """End the spans of what is with the broker."""
        if not self._chunks and not self._events:
            return
        now = time.time()
        links = [Link(span.get_span_context()) for _, span in list(self._chunks)[:MAX_LINKS]]
        self._start("publish", SpanKind.PRODUCER, now - took_s, links=links).end(_ns(now))
        for span in self._events:
            span.end(_ns(now))
        self._events.clear()
        while self._chunks and self._chunks[0][0] < position.offset:
            self._chunks.popleft()[1].end(_ns(now))

    def _start(
        self,
        name: str,
        kind: SpanKind,
        at: float,
        *,
        links: Sequence[Link],
        context: Any = None,
        more: dict[str, Any] | None = None,
    ) -> Span:
        return self._tracer.start_span(
            name,
            kind=kind,
            context=context,
            start_time=_ns(at),
            links=links,
            attributes={**self._attributes, **(more or {})},
        )


def _ns(seconds: float) -> int:
    return int(seconds * _NANOSECONDS)


def _sampled(record: Record) -> SpanContext | None:
    """Return the producer's span, if it is sampled."""
    parent = parent_of(record.headers)
    if parent is None or not int(parent[3], 16) & TraceFlags.SAMPLED:
        return None
    return SpanContext(
        trace_id=int(parent[1], 16),
        span_id=int(parent[2], 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _headers(context: SpanContext, state: bytes | None) -> Headers:
    # The state passes as it came: OpenTelemetry would quote what it does not understand in logs.
    parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    passed = ((TRACEPARENT, parent.encode()),)
    return passed if state is None else (*passed, (TRACESTATE, state))
