"""An event that asks several models: one request a slot, rows joined, one outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from inference.errors import WorkerDied
from inference.messages import Answer, ModelInfo
from inference.testing import Asked, FakeInference, fake_row
from schemas.events import ReviewEvent
from schemas.results import ReviewLabels
from streams.errors import StepCancelled
from streams.gathering import ASKED
from streams.handler import Ask, Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.tables import Changes
from tests import pipeline_bench
from tests.pipeline_bench import review
from tests.waiting import until

TONE, TOPIC = "tone", "topic"
SLOTS = dict.fromkeys(("sentiment", TONE, TOPIC), ("negative", "positive"))


class Handler(pipeline_bench.Handler):
    """Labels reviews by three models; texts with two words have each word looked at again."""

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        if event.text == "unasked":
            return Question(item=event.text)
        tone = Ask(slot=TONE, items=[event.text], then=_words)
        return Question(item=event.text, further=[tone, Ask(slot=TOPIC, items=[event.text])])

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        found = {
            f"{one.model.slot} of {one.items[0]}": float(one.rows[0][0])
            for one in question.further
            if one.model is not None
        }
        made = super().decide(event, question, row, model, envelope, changes)
        assert isinstance(made.message, ReviewLabels)
        made.message.scores = found
        return replace(made, beside=[replace(made, topic_id="replies", key="beside")])


def _words(asked: Ask) -> Sequence[Ask]:
    if asked.items == ["broken"]:
        raise RuntimeError("secret")
    words = str(asked.items[0]).split()
    return [Ask(slot=TONE, items=words)] if len(words) > 1 else []


class Deadly(FakeInference):
    """Ends with what one slot is asked about a deadly text."""

    async def answer(self, asked: Asked) -> Answer:
        if asked.slot == TOPIC and "deadly" in asked.items:
            raise WorkerDied("three times")
        return await super().answer(asked)


class Slow(FakeInference):
    """Answers what a text's single words are asked when `may_look` is set."""

    def __init__(self) -> None:
        super().__init__(SLOTS)
        self.may_look = asyncio.Event()

    async def answer(self, asked: Asked) -> Answer:
        answer = await super().answer(asked)
        if "words" in asked.items:
            await self.may_look.wait()
        return answer


class Bench(pipeline_bench.Bench):
    """One whose events ask several models."""

    def __init__(self, model: FakeInference | None = None) -> None:
        super().__init__(model=model or FakeInference(SLOTS), handler=Handler())

    async def work(self, *texts: str) -> None:
        self.feed([review(number, text) for number, text in enumerate(texts)])
        await self.finish()

    def scores(self) -> list[dict[str, float]]:
        return [label.scores for label in self.labels()]

    def buried(self) -> list[tuple[int, str]]:
        return [(one.source.offset, one.code) for one in self.letters()]


async def test_each_slot_is_asked_once_a_chunk_and_each_event_has_all_rows() -> None:
    bench = Bench()
    await bench.work("good", "unasked", "bad")
    asked = {one.slot: one.items for one in bench.model.asked}
    assert len(bench.model.asked) == len(asked) == 3
    assert asked["sentiment"] == ("good", "unasked", "bad")
    assert asked[TONE] == asked[TOPIC] == ("good", "bad")
    tone, topic = bench.model.models[TONE], bench.model.models[TOPIC]
    assert bench.scores() == [
        {
            "tone of good": float(fake_row(tone, "good")[0]),
            "topic of good": float(fake_row(topic, "good")[0]),
        },
        {},
        {
            "tone of bad": float(fake_row(tone, "bad")[0]),
            "topic of bad": float(fake_row(topic, "bad")[0]),
        },
    ]


async def test_what_follows_from_an_answer_is_asked_for_those_events_alone() -> None:
    bench = Bench()
    await bench.work("good", "two words", "bad")
    again = [one.items for one in bench.model.asked if one.slot == TONE]
    assert again == [("good", "two words", "bad"), ("two", "words")]
    assert len(bench.scores()) == 3


async def test_no_event_leaves_before_the_last_of_its_answers() -> None:
    bench = Bench()
    bench.model.gate.clear()
    feeding = asyncio.create_task(bench.work("good"))
    await until(lambda: len(bench.model.asked) == 3)
    assert bench.publisher.published == []
    bench.model.gate.set()
    await feeding
    assert len(bench.scores()) == 1


@pytest.mark.parametrize("slot", ["sentiment", TONE, TOPIC])
async def test_what_makes_any_model_fail_is_a_dead_letter_alone(slot: str) -> None:

    class Picky(FakeInference):
        async def answer(self, asked: Asked) -> Answer:
            self._is_poison = lambda item: item == "poison" and asked.slot == slot
            return await super().answer(asked)

    bench = Bench(Picky(SLOTS))
    await bench.work("good", "poison", "bad")
    assert bench.buried() == [(1, "model_failed")]
    assert len(bench.scores()) == 2


async def test_what_makes_two_models_fail_is_one_dead_letter() -> None:
    bench = Bench(FakeInference(SLOTS, is_poison=lambda item: item == "poison"))
    await bench.work("poison", "good")
    assert bench.buried() == [(0, "model_failed")]
    assert len(bench.scores()) == 1


async def test_a_text_that_ends_the_worker_of_one_slot_is_found_alone() -> None:
    bench = Bench(Deadly(SLOTS))
    await bench.work(*["good"] * 3, "deadly", *["bad"] * 2)
    assert bench.buried() == [(3, "worker_died")]
    assert len(bench.scores()) == 5


async def test_what_follows_may_fail_for_its_own_event() -> None:
    bench = Bench()
    await bench.work("good", "broken")
    assert bench.buried() == [(1, "task_failed")]
    assert b"secret" not in bench.publisher.values("dead-letters")[0]


async def test_what_leaves_beside_the_outcome_leaves_with_it() -> None:
    bench = Bench()
    await bench.work("good", "bad")
    assert [(one.topic, one.key) for one in bench.publisher.published] == [
        ("review-labels", b"u"),
        ("review-labels", b"u"),
        ("replies", b"beside"),
        ("replies", b"beside"),
    ]


async def test_nobody_waits_for_what_follows_of_another() -> None:
    inference = Slow()
    bench = Bench(inference)
    feeding = asyncio.create_task(bench.work("good", "bad", "two words"))
    await until(lambda: len(bench.scores()) == 2)
    inference.may_look.set()
    await feeding
    assert len(bench.scores()) == 3


async def test_what_follows_does_not_wait_for_another_slot() -> None:
    class Stuck(FakeInference):
        async def answer(self, asked: Asked) -> Answer:
            answer = await super().answer(asked)
            if asked.slot == TOPIC:
                await may_answer.wait()
            return answer

    may_answer = asyncio.Event()
    inference = Stuck(SLOTS)
    bench = Bench(inference)
    feeding = asyncio.create_task(bench.work("two words"))
    await until(lambda: ("two", "words") in [one.items for one in inference.asked])
    may_answer.set()
    await feeding
    assert len(bench.scores()) == 1


async def test_a_chunk_is_being_asked_until_its_last_ask_has_ended() -> None:
    inference = Slow()
    bench = Bench(inference)
    for _ in range(ASKED):
        bench.feed([review(0, "two words")])
    await until(lambda: sum("words" in one.items for one in inference.asked) == ASKED)
    for text in ("good", "bad"):
        bench.feed([review(0, text)])
    inference.may_look.set()
    await until(lambda: bench.frontier.is_idle)
    assert [one.items for one in inference.asked if one.slot == TOPIC][-1] == ("good", "bad")


async def test_what_is_cancelled_from_within_ends_the_pipeline() -> None:
    class Cancelled(FakeInference):
        async def answer(self, asked: Asked) -> Answer:
            if asked.slot == TONE:
                raise asyncio.CancelledError
            return await super().answer(asked)

    bench = Bench(Cancelled(SLOTS))
    await bench.work("good")
    assert isinstance(bench.pipeline.failed.exception(), StepCancelled)
    assert bench.scores() == []


async def test_a_defect_of_ours_ends_the_pipeline_as_itself() -> None:
    slots = dict.fromkeys(("sentiment", TONE), ("negative", "positive"))
    bench = Bench(FakeInference(slots))  # nobody serves the third slot
    await bench.work("good")
    assert type(bench.pipeline.failed.exception()).__name__ == "UnknownSlot"
    assert bench.publisher.published == []
