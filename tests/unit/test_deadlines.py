"""What comes too late costs the model nothing and still has its outcome."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from faust.types import TP

from inference.messages import EXPIRED, UNREADABLE, Answer, ModelInfo
from inference.tasks.knowledge import KnowledgeBase
from inference.tasks.reading import ReplyPolicy
from inference.tasks.reply import Customer, Shop
from inference.tasks.unread import too_late
from inference.testing import Asked, FakeInference
from schemas.base import Language
from schemas.events import QueryEvent, ReviewEvent
from schemas.results import HandOffReason, Outcome, Reply
from streams.agents.queries import QueryHandler
from streams.handler import Question, Row
from streams.outgoing import Envelope, Moment, Outgoing, Sealer, Stamp
from streams.state import State
from streams.tables import Changes
from streams.testing import MemoryPartition
from tests.pipeline_bench import SLOTS, Bench, Handler, review

PATIENCE_S = 60.0


class LateModel(FakeInference):
    """Has no time for what is late."""

    async def answer(self, asked: Asked) -> Answer:
        late = [place for place, item in enumerate(asked.items) if item == "late"]
        return replace(await super().answer(asked), errors=dict.fromkeys(late, EXPIRED))


class BlindModel(FakeInference):
    """Can read nothing."""

    async def answer(self, asked: Asked) -> Answer:
        answer = await super().answer(asked)
        errors = dict.fromkeys(range(len(asked.items)), UNREADABLE)
        return replace(answer, rows=np.full_like(answer.rows, np.nan), errors=errors)


class HastyHandler(Handler):
    """Says of an event without an answer that it expired."""

    def __init__(self, deadline_s: float) -> None:
        super().__init__()
        self.deadline_s = deadline_s

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        is_late = row is None
        answer = row if row is not None else [0.0, 0.0]
        made = super().decide(event, question, answer, model, envelope, changes)  # type: ignore[arg-type]
        if is_late:
            made.message.outcome = Outcome.EXPIRED
        return made


async def test_a_record_whose_turn_came_too_late_is_decided_without_an_answer() -> None:
    model = LateModel(SLOTS)
    bench = Bench(model=model, handler=HastyHandler(PATIENCE_S))
    bench.feed([review(0), review(1, "late"), review(2)])
    await bench.finish()
    outcomes = {label.review_id: label.outcome for label in bench.labels()}
    assert outcomes == {"r0": "result", "r1": "expired", "r2": "result"}
    assert not bench.letters()


async def test_the_deadline_counts_from_the_records_timestamp() -> None:
    model = FakeInference(SLOTS)
    bench = Bench(model=model, handler=HastyHandler(PATIENCE_S))
    records = bench.partition.append([review(0), review(1), review(2)])
    records[1].timestamp -= 50_000
    records[2].timestamp = -1  # the producer set none
    bench.accept(records)
    await bench.finish()
    (asked,) = model.asked
    assert asked.within_s == pytest.approx([PATIENCE_S, PATIENCE_S - 50.0, math.inf], abs=5.0)


async def test_where_nothing_has_a_deadline_none_is_sent() -> None:
    model = FakeInference(SLOTS)
    bench = Bench(model=model, handler=HastyHandler(math.inf))
    bench.feed([review(0)])
    await bench.finish()
    assert [one.within_s for one in model.asked] == [None]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Where is my parcel?", Language.ENGLISH, "colleague"),
        ("我的快递呢", Language.CHINESE, "同事"),
    ],
)
def test_a_message_nobody_had_time_for_goes_to_a_person(
    text: str, language: Language, words: str
) -> None:
    query = QueryEvent(query_id="q", session_id="s", text=text, created_at=datetime.now(UTC))
    shop = Shop(
        knowledge=KnowledgeBase(), titles=lambda product, language: None, policy=ReplyPolicy()
    )
    draft = too_late(query, Customer(), shop)
    assert draft.outcome is Outcome.EXPIRED
    assert draft.language is language
    assert words in draft.text


async def test_what_no_model_can_read_is_buried_with_its_reason() -> None:
    bench = Bench(model=BlindModel(SLOTS))
    bench.feed([review(0, "👍")])
    await bench.finish()
    (letter,) = bench.letters()
    assert (letter.code, letter.reason) == (UNREADABLE.code, UNREADABLE.reason)
    assert not bench.labels()


async def test_who_knows_what_to_do_with_it_is_given_it() -> None:
    rows: list[Row | None] = []

    class Reader(Handler):
        spec = replace(Handler.spec, answers_unread=True)

        def decide(
            self,
            event: ReviewEvent,
            question: Question,
            row: Row | None,
            model: ModelInfo,
            envelope: Envelope,
            changes: Changes,
        ) -> Outgoing:
            rows.append(row)
            known = np.zeros(2, dtype=np.float32)
            return super().decide(event, question, known, model, envelope, changes)

    bench = Bench(model=BlindModel(SLOTS), handler=Reader())
    bench.feed([review(0, "👍")])
    await bench.finish()
    assert len(bench.labels()) == 1
    (row,) = rows
    assert row is not None
    assert np.isnan(row).all()


@pytest.mark.parametrize("text", ["?", "！！", "...", "👍"])
def test_a_message_without_a_word_asks_no_model_and_goes_to_a_person(text: str) -> None:
    handler, decide = _queries()
    question = handler.prepare(_query(text), decide.changes)
    assert question.item is None
    message = decide(text, question, None)
    assert (message.outcome, message.reason) == (Outcome.HANDED_OFF, HandOffReason.UNSURE)
    assert handler.prepare(_query("A1?"), decide.changes).item == "A1?"


def test_a_message_that_no_model_can_read_goes_to_a_person() -> None:
    _, decide = _queries()
    row = np.full(3, np.nan, dtype=np.float32)
    assert decide("🙂 why", Question(item="🙂 why"), row).outcome is Outcome.HANDED_OFF


class Decide:
    """Asks a handler for what becomes of a message, with a table that is empty."""

    def __init__(self, handler: QueryHandler, model: ModelInfo) -> None:
        self.changes: Any = _Written()
        self._handler = handler
        self._model = model

    def __call__(self, text: str, question: Question, row: Row | None) -> Reply:
        (record,) = MemoryPartition(topic="queries").append([b""])
        sealer = Sealer(TP("queries", 0), "reply")
        envelope = sealer.envelope(record, Stamp(started_at=0.0), Moment(), None)
        made = self._handler.decide(
            _query(text), question, row, self._model, envelope, self.changes
        )
        assert made.topic_id == "handoffs"
        assert isinstance(made.message, Reply)
        return made.message


class _Written:
    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, table: Any, key: str) -> Any:
        return self._values.get(key)

    def put(self, table: Any, key: str, value: Any) -> None:
        self._values[key] = value


def _query(text: str) -> QueryEvent:
    return QueryEvent(query_id="q", session_id="s", text=text, created_at=datetime.now(UTC))


def _queries() -> tuple[QueryHandler, Decide]:
    no_table: Any = None
    fake = FakeInference({"recommend": (), "intent": ("greeting", "order_status", "complaint")})
    state = State(
        purchases=no_table,
        orders=no_table,
        sessions=no_table,
        query_languages=no_table,
        review_languages=no_table,
        inference=fake,
    )
    handler = QueryHandler(state, ReplyPolicy(threshold=0.7), PATIENCE_S)
    return handler, Decide(handler, fake.models["intent"])
