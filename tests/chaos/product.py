"""The parts that the worker under test brings to the product's engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
from faust.stores.base import SerializedStore

from inference.client import Inference, InferenceClient
from inference.messages import ModelInfo
from inference.tasks import registry
from schemas.base import Language
from schemas.events import ReviewEvent
from schemas.results import Outcome, ReviewLabels
from streams.app import Parts, run_worker
from streams.config import Settings, inference_settings, load_settings
from streams.faust_app import ShopApp, create_table
from streams.handler import Handler, Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.reference import Apply
from streams.tables import Changes, ChunkTable
from tests.chaos.records import TABLES

TOY = "tests.toys.worker"


class CountingHandler:
    """Counts a user's events in two tables and says in each result what it counted."""

    spec = registry.task("sentiment")
    deadline_s = math.inf

    def __init__(self, seen: ChunkTable, labelled: ChunkTable) -> None:
        self._seen = seen
        self._labelled = labelled

    def key(self, event: ReviewEvent) -> str:
        """Return whose events leave in order."""
        return event.user_id

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        """Count the event as seen."""
        return Question(item=event.text, context=_counted(self._seen, event, changes))

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Count the event as labelled; the result says how many were seen."""
        _counted(self._labelled, event, changes)
        message = ReviewLabels(
            **envelope.fields(),
            outcome=Outcome.RESULT,
            review_id=event.review_id,
            user_id=event.user_id,
            product_id=event.product_id,
            language=Language.ENGLISH,
            sentiment=str(question.context),
            score=1.0,
            scores={},
        )
        return Outgoing(topic_id="review-labels", key=event.user_id, message=message)


def _counted(table: ChunkTable, event: ReviewEvent, changes: Changes) -> int:
    count = (changes.get(table, event.user_id) or {"count": 0})["count"] + 1
    number = int(event.text.split(" ", 1)[0])
    changes.put(table, event.user_id, {"count": count, "last": number})
    return int(count)


class CountingTasks:
    """The one task of the worker under test."""

    references: Mapping[str, Apply] = MappingProxyType({})

    def __init__(self, app: ShopApp, partitions: int) -> None:
        self._partitions = partitions
        self.tables = {name: create_table(app, name, partitions) for name in TABLES}
        self.handlers: Sequence[Handler] = (CountingHandler(*self.tables.values()),)

    async def restored(self) -> None:
        """Do nothing: all state is in the tables."""

    async def model_changed(self, slot: str) -> None:
        """Do nothing: nothing of a model is kept."""

    def held(self, table: ChunkTable) -> dict[str, Any]:
        """Return all that the table's store holds."""
        if not isinstance(table.data, SerializedStore):
            return dict(table.data.items())
        # At a stop the store forgets its files, and with them what `items` would show.
        store: Any = table.data
        files = (store._db_for_partition(number) for number in range(self._partitions))
        entries = (entry for file in files for entry in store._visible_items(file))
        return {orjson.loads(key): orjson.loads(value) for key, value in entries}


def run(folder: Path) -> int:
    """Run the worker; write its tables down if it stops cleanly."""
    built: list[CountingTasks] = []

    def tasks(_: Settings, app: ShopApp, __: Inference, partitions: int) -> CountingTasks:
        built.append(CountingTasks(app, partitions))
        return built[-1]

    loaded = load_settings(config=folder / "shopstreams.toml", environ={})
    code = run_worker(loaded.settings, Parts(inference=_inference, tasks=tasks))
    if code == 0 and built:
        held = {name: built[-1].held(table) for name, table in built[-1].tables.items()}
        (folder / "tables.json").write_bytes(orjson.dumps(held))
    return code


def _inference(settings: Settings) -> AbstractAsyncContextManager[InferenceClient]:
    return InferenceClient(inference_settings(settings), worker_module=TOY)
