"""A worker that counts each user's events by the minute: `python -m ... FOLDER`."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from faust.windows import TumblingWindow

from inference.client import Inference, InferenceClient
from inference.messages import ModelInfo
from inference.tasks import registry
from schemas.base import Language
from schemas.events import ReviewEvent
from schemas.results import Outcome, ReviewLabels
from streams.app import Parts, run_worker
from streams.config import Settings, inference_settings, load_settings
from streams.faust_app import ShopApp, create_windowed_table
from streams.handler import Handler, Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.reference import Apply
from streams.tables import Changes
from streams.windows import WindowedTable

TABLE = "minutes"
MINUTE_S = 60.0
EXPIRES_S = 2 * MINUTE_S


def one_more(count: int | None) -> int:
    """Return the count with one more event."""
    return (count or 0) + 1


class MinuteHandler:
    """Says in each result how many of its user's events its minute had seen."""

    spec = registry.task("sentiment")
    deadline_s = math.inf

    def __init__(self, minutes: WindowedTable) -> None:
        self._minutes = minutes

    def key(self, event: ReviewEvent) -> str:
        """Return whose events leave in order."""
        return event.user_id

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        """Count the event."""
        at = event.created_at.timestamp()
        self._minutes.apply(changes, event.user_id, at, one_more)
        return Question(item=event.text, context=self._minutes.value(changes, event.user_id, at))

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return the count as the label."""
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


class MinuteTasks:
    """The worker's one task."""

    references: Mapping[str, Apply] = MappingProxyType({})

    def __init__(self, app: ShopApp, partitions: int) -> None:
        window = TumblingWindow(MINUTE_S, expires=EXPIRES_S)
        minutes = create_windowed_table(app, TABLE, partitions, window)
        self.handlers: Sequence[Handler] = (MinuteHandler(minutes),)

    async def restored(self) -> None:
        """Do nothing: all state is in the table."""

    async def model_changed(self, slot: str) -> None:
        """Do nothing: nothing is kept of a model."""


def main() -> int:
    """Run until a signal."""

    def inference(settings: Settings) -> InferenceClient:
        return InferenceClient(inference_settings(settings), worker_module="tests.toys.worker")

    def tasks(_: Settings, app: ShopApp, __: Inference, partitions: int) -> MinuteTasks:
        return MinuteTasks(app, partitions)

    loaded = load_settings(config=Path(sys.argv[1]) / "shopstreams.toml", environ={})
    return run_worker(loaded.settings, Parts(inference=inference, tasks=tasks))


if __name__ == "__main__":
    sys.exit(main())
