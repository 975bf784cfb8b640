"""Quix Streams with a `transformers.pipeline` inside `apply`: one text a call."""

from __future__ import annotations

from typing import Any

from quixstreams import Application, message_context  # type: ignore[import-not-found]

from tests.benchmarks.peers import classify, quix
from tests.benchmarks.peers.options import Options, parse
from tests.benchmarks.work import begin, end


def build(options: Options, label: classify.Classify) -> Any:
    """Return the application."""
    app = quix.application(options) if options.tuned else _shipped(options)
    source = app.topic(options.source, key_deserializer="bytes", value_deserializer="bytes")
    target = app.topic(options.target, key_serializer="bytes", value_serializer="bytes")

    def work(value: bytes, key: bytes, timestamp_ms: int, headers: Any) -> bytes:
        context = message_context()
        begun = begin(value, context.topic, context.partition, context.offset, timestamp_ms)
        return end(begun, label([begun.event.text])[0])[1]

    app.dataframe(source).apply(work, metadata=True).to_topic(target)
    return app


def _shipped(options: Options) -> Any:
    return Application(
        options.bootstrap,
        consumer_group=options.group,
        auto_offset_reset="earliest",  # the events are there already
        loglevel="WARNING",
    )


def main() -> None:
    """Relay until SIGTERM."""
    options = parse()
    build(options, classify.create(options)).run()


if __name__ == "__main__":
    main()
