"""faust-streaming as its guide has it: an agent that sends a result for each event."""

from __future__ import annotations

import tempfile
from typing import Any

import faust
import mode.loop

from tests.benchmarks.peers.options import TABLE, Options, parse
from tests.benchmarks.work import handle


def application(options: Options, folder: str) -> faust.App:
    """Return an application at the settings that were fastest here."""
    return faust.App(
        options.group,
        broker=f"kafka://{options.bootstrap}",
        processing_guarantee=options.guarantee,
        consumer_auto_offset_reset="earliest",
        store="memory://",
        datadir=folder,
        topic_disable_leader=True,
        topic_partitions=options.partitions,
        web_enabled=False,
        autodiscover=False,
        stream_wait_empty=False,
        stream_buffer_maxsize=32_768,
        broker_max_poll_records=4_000,
        broker_commit_interval=0.5,
        producer_linger=0.02,
        producer_max_batch_size=500_000,
        producer_acks=-1,
    )


def build(options: Options, folder: str) -> faust.App:
    """Return the application that relays."""
    app = application(options, folder)
    raw: dict[str, Any] = {"key_serializer": "raw", "value_serializer": "raw"}
    source = app.topic(options.source, key_type=bytes, value_type=bytes, **raw)
    target = app.topic(options.target, **raw)
    counts = app.Table(TABLE, default=int, partitions=options.partitions) if options.table else None

    async def relay(stream: Any) -> None:
        async for event in stream.events():
            record = event.message
            key, result = handle(
                event.value,
                record.topic,
                record.partition,
                record.offset,
                round(record.timestamp * 1000),
            )
            if counts is not None:
                counts[key.decode()] += 1
            await target.send(key=key, value=result)

    app.agent(source, name="relay")(relay)
    return app


def main() -> None:
    """Relay until SIGTERM."""
    mode.loop.use("uvloop")
    with tempfile.TemporaryDirectory() as folder:
        app = build(parse(), folder)
        faust.Worker(app, loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
