"""faust-streaming as its guide batches: `take`, with a `transformers.pipeline` inside."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any, Final

import faust
import mode.loop

from tests.benchmarks.peers import classify, stock
from tests.benchmarks.peers.options import Options, parse
from tests.benchmarks.work import begin, end

TUNED: Final = (256, 0.05)
SHIPPED: Final = (100, 10.0)
"""Events at most, and seconds, of one `take`; as in the guide's example."""


def build(options: Options, label: classify.Classify, folder: str) -> faust.App:
    """Return the application."""
    app = stock.application(options, folder) if options.tuned else _shipped(options, folder)
    raw: dict[str, Any] = {"key_serializer": "raw", "value_serializer": "raw"}
    source = app.topic(options.source, key_type=bytes, value_type=bytes, **raw)
    target = app.topic(options.target, **raw)

    async def relay(stream: Any) -> None:
        async for events in stream.take_events(*(TUNED if options.tuned else SHIPPED)):
            begun = [
                begin(
                    event.value,
                    event.message.topic,
                    event.message.partition,
                    event.message.offset,
                    round(event.message.timestamp * 1000),
                )
                for event in events
            ]
            texts = [one.event.text for one in begun]
            if options.tuned:  # the loop fetches meanwhile, and the group hears of it
                rows = await asyncio.to_thread(label, texts)
            else:
                rows = label(texts)
            for one, row in zip(begun, rows, strict=True):
                key, result = end(one, row)
                await target.send(key=key, value=result)

    app.agent(source, name="relay")(relay)
    return app


def _shipped(options: Options, folder: str) -> faust.App:
    return faust.App(
        options.group,
        broker=f"kafka://{options.bootstrap}",
        datadir=folder,
        # What it takes to run beside others: an own place, no port, the partitions that are there.
        topic_partitions=options.partitions,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )


def main() -> None:
    """Relay until SIGTERM."""
    options = parse()
    if options.tuned:
        mode.loop.use("uvloop")
    label = classify.create(options)
    with tempfile.TemporaryDirectory() as folder:
        app = build(options, label, folder)
        faust.Worker(app, loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
