"""Quix Streams: one function a record."""

from __future__ import annotations

from typing import Any

from quixstreams import Application, message_context  # type: ignore[import-not-found]

from tests.benchmarks.peers.options import Options, parse
from tests.benchmarks.work import handle

COMMIT_INTERVAL_S = 0.5


def application(options: Options) -> Any:
    """Return an application at the settings that were fastest here."""
    return Application(
        options.bootstrap,
        consumer_group=options.group,
        auto_offset_reset="earliest",
        processing_guarantee=options.guarantee.replace("_", "-"),
        commit_interval=COMMIT_INTERVAL_S,
        auto_create_topics=False,
        loglevel="WARNING",
        consumer_extra_config={
            "isolation.level": "read_committed",
            "fetch.queue.backoff.ms": 10,
            "queued.max.messages.kbytes": 65_536,
        },
        producer_extra_config={
            "linger.ms": 20,
            "batch.size": 500_000,
            "queue.buffering.max.messages": 1_000_000,
            "partitioner": "murmur2_random",
        },
    )


def build(options: Options) -> Any:
    """Return the application that relays."""
    app = application(options)
    source = app.topic(options.source, key_deserializer="bytes", value_deserializer="bytes")
    target = app.topic(options.target, key_serializer="bytes", value_serializer="bytes")

    def work(value: bytes, key: bytes, timestamp_ms: int, headers: Any) -> bytes:
        context = message_context()
        result = handle(value, context.topic, context.partition, context.offset, timestamp_ms)
        return result[1]  # the record's key stays, and is the result's

    app.dataframe(source).apply(work, metadata=True).to_topic(target)
    return app


def main() -> None:
    """Relay until SIGTERM."""
    build(parse()).run()


if __name__ == "__main__":
    main()
