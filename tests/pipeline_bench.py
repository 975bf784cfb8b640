"""A pipeline with everything around it in memory."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import orjson
from faust.types import TP
from pydantic import TypeAdapter

from inference.messages import Item, ModelInfo
from inference.tasks import registry
from inference.testing import FakeInference
from schemas.base import Language
from schemas.codec import Decoder
from schemas.events import ReviewEvent
from schemas.letters import DeadLetter
from schemas.masking import Kind
from schemas.results import Outcome, ReviewLabels
from schemas.topics import Topics
from streams import handler as handlers
from streams.chunks import Record, make_chunks
from streams.delivery import AtLeastOnce, Delivery
from streams.frontier import Frontier
from streams.handler import Question, Row, answered
from streams.making import Stage
from streams.outgoing import Envelope, Outgoing
from streams.pipeline import Pipeline
from streams.position import Position
from streams.tables import Changes
from streams.testing import MemoryPartition, MemoryPublisher
from tests.waiting import until

SLOTS = {"sentiment": ("negative", "positive")}


def fake(poison: Sequence[Item] = ()) -> FakeInference:
    """Return the double of the models; the texts in `poison` fail alone."""
    return FakeInference(SLOTS, is_poison=poison.__contains__)


class Handler:
    """Labels every review; ids in `broken` make it fail."""

    spec = registry.task("sentiment")
    deadline_s = math.inf

    def __init__(self, broken: Sequence[str] = ()) -> None:
        self.broken = broken

    def key(self, event: ReviewEvent) -> str:
        return event.user_id

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
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
        if event.review_id in self.broken:
            raise RuntimeError(event.text)
        message = ReviewLabels(
            **envelope.fields(),
            outcome=Outcome.RESULT,
            review_id=event.review_id,
            user_id=event.user_id,
            product_id=event.product_id,
            language=Language.ENGLISH,
            sentiment="positive",
            score=float(answered(row)[1]),
            scores={},
        )
        return Outgoing(topic_id="review-labels", key=event.user_id, message=message)


LABELS: TypeAdapter[ReviewLabels] = TypeAdapter(ReviewLabels)


def review(number: int, text: str = "fine", user: str = "u") -> bytes:
    return orjson.dumps(
        {
            "review_id": f"r{number}",
            "user_id": user,
            "product_id": "p",
            "text": text,
            "created_at": "2026-01-01T00:00:00Z",
        }
    )


class Bench:
    """One pipeline with everything around it in memory."""

    def __init__(
        self,
        model: FakeInference | None = None,
        handler: handlers.Handler | None = None,
        delivery: Delivery | None = None,
        masking: Mapping[str, Collection[Kind]] | None = None,
        position: Position | None = None,
    ) -> None:
        self.frontier = Frontier()
        began = position or Position(0)
        self.frontier.open(began)
        self.publisher = MemoryPublisher()
        self.model = model or fake()
        self.partition = MemoryPartition(topic="reviews", next_offset=began.offset)
        stage = Stage(
            handler=handler or Handler(),
            decoder=Decoder(ReviewEvent),
            inference=self.model,
            topics=Topics(),
            masking=masking or {},
        )
        delivery = delivery or AtLeastOnce(self.publisher)
        self.pipeline = Pipeline(stage, TP("reviews", 0), self.frontier, delivery)

    def feed(self, values: Sequence[bytes | None], *, key: bytes = b"k") -> None:
        for chunk in self.partition.chunks(self.frontier, values, key=key):
            self.pipeline.accept(chunk)

    def accept(self, records: Sequence[Record]) -> None:
        """Hand over records that were appended to the partition."""
        offsets = [record.offset for record in records]
        taken = self.frontier.take_in(self.frontier.epoch, offsets, [1] * len(records))
        for chunk in make_chunks(TP("reviews", 0), records, taken or [], self.frontier.epoch):
            self.pipeline.accept(chunk)

    async def finish(self) -> None:
        await until(lambda: self.frontier.is_idle or self.pipeline.failed.done())

    def labels(self) -> list[ReviewLabels]:
        return [LABELS.validate_json(v) for v in self.publisher.values("review-labels")]

    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.model_validate_json(v) for v in self.publisher.values("dead-letters")]
