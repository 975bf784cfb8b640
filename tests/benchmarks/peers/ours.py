"""shopstreams: the product's engine with a model that answers at once and one handler."""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from inference.client import Inference
from inference.messages import Answer, Item, Lane, ModelInfo, Statistics
from inference.tasks import registry
from inference.testing import Unchangeable
from schemas.events import ReviewEvent
from streams.app import Parts, Served, run_worker
from streams.config import Settings, load_settings
from streams.faust_app import ShopApp, create_table
from streams.handler import Handler, Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.reference import Apply
from streams.tables import Changes, ChunkTable
from tests.benchmarks.peers.options import TABLE, Options, parse
from tests.benchmarks.work import LABELS, ROW, label

SPEC = registry.task("sentiment")


class Identity(Unchangeable):
    """A model that says the same of everything, at once or at a given rate."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._turn = asyncio.Lock()
        self._model = ModelInfo(
            slot=SPEC.slot,
            name="identity",
            hash="0" * 16,
            labels=LABELS,
            width=len(LABELS),
            device="cpu",
            dtype="float32",
        )
        self.models: Mapping[str, ModelInfo] = {SPEC.slot: self._model}
        self.statistics = Statistics()
        self.deaths = 0
        self.is_up = True
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def ask(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return the same row for every item."""
        if self._rate:
            async with self._turn:
                await asyncio.sleep(len(items) / self._rate)
        nothing = np.zeros(len(items), dtype=np.float32)
        return Answer(
            rows=np.tile(np.array(ROW, dtype=np.float32), (len(items), 1)),
            errors={},
            queue_ms=nothing,
            compute_ms=nothing,
            model=self._model,
        )


class LabelHandler:
    """Labels each review; counts those of its author where there is a table."""

    spec = SPEC
    deadline_s = math.inf

    def __init__(self, counts: ChunkTable | None) -> None:
        self._counts = counts

    def key(self, event: ReviewEvent) -> str:
        """Return whose event it is."""
        return event.user_id

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        """Ask for the text's label."""
        if self._counts is not None:
            count = changes.get(self._counts, event.user_id) or 0
            changes.put(self._counts, event.user_id, count + 1)
        return Question(item=event.text)

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return the label that all systems give."""
        message = label(event, **envelope.fields())
        return Outgoing(topic_id="review-labels", key=event.user_id, message=message)


class OneTask:
    """What the worker does: one handler on the reviews."""

    def __init__(self, handler: Handler) -> None:
        self.handlers: Sequence[Handler] = (handler,)
        self.references: Mapping[str, Apply] = {}

    async def restored(self) -> None:
        """Nothing hangs on what the tables hold."""

    async def model_changed(self, slot: str) -> None:
        """Nothing is kept of a model."""


def flags(options: Options, folder: str) -> dict[str, Any]:
    """Return the product's settings for this part of a run."""
    found = {
        "kafka.bootstrap_servers": options.bootstrap,
        "kafka.group": options.group,
        "kafka.partitions": options.partitions,
        "engine.delivery": options.guarantee,
        "engine.state_dir": folder,
        "web.enabled": bool(options.port),
        "web.port": options.port or None,
        "tracing.endpoint": options.collector or None,
        "tracing.chunk_share": 0.01,
        "logging.level": "warning",
        "moderation.enabled": False,
        "topics.reviews": options.source,
        "topics.review-labels": options.target,
    }
    # Topics that the run leaves empty, with as many partitions as the one it reads.
    for idle in ("queries", "orders"):
        found[f"topics.{idle}"] = f"{options.source}-{idle}"
    return found


def settings(options: Options, folder: str) -> Settings:
    """Return those settings, checked."""
    return load_settings(environ={}, flags=flags(options, folder)).settings


def main() -> int:
    """Relay until SIGTERM."""
    options = parse()

    @asynccontextmanager
    async def identity(_: Settings) -> AsyncIterator[Served]:
        yield Identity(options.rate)

    def tasks(_: Settings, app: ShopApp, __: Inference, partitions: int) -> OneTask:
        counts = create_table(app, TABLE, partitions) if options.table else None
        return OneTask(LabelHandler(counts))

    with tempfile.TemporaryDirectory() as folder:
        return run_worker(settings(options, folder), Parts(inference=identity, tasks=tasks))


if __name__ == "__main__":
    sys.exit(main())
