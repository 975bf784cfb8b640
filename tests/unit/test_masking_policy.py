"""What leaves a pipeline without personal data, and what leaves as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from inference.messages import Answer, ItemError, ModelInfo
from inference.testing import Asked, FakeInference
from schemas.base import Language
from schemas.events import ReviewEvent
from schemas.masking import Kind
from schemas.results import Outcome, Reply
from streams.handler import Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.tables import Changes
from tests.pipeline_bench import SLOTS, Bench, Handler, review


class Echo(Handler):
    """Answers with what was written."""

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        reply = Reply(
            **envelope.fields(),
            outcome=Outcome.RESULT,
            query_id=event.review_id,
            session_id="13812345678",
            user_id=event.user_id,
            language=Language.ENGLISH,
            text=event.text,
            intent="echo",
            confidence=1.0,
        )
        return Outgoing(topic_id="replies", key="k", message=reply)


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({}, "call 13812345678 or a@b.de"),
        ({"handoffs": (Kind.PHONE,)}, "call 13812345678 or a@b.de"),
        ({"replies": (Kind.PHONE,)}, "call [phone] or a@b.de"),
        ({"replies": tuple(Kind)}, "call [phone] or [email]"),
    ],
)
async def test_a_topics_texts_are_masked_as_its_policy_says(
    policy: Mapping[str, Collection[Kind]], text: str
) -> None:
    bench = Bench(handler=Echo(), masking=policy)
    bench.feed([review(0, "call 13812345678 or a@b.de")])
    await bench.finish()
    (value,) = bench.publisher.values("replies")
    reply = TypeAdapter(Reply).validate_json(value)
    assert (reply.text, reply.session_id) == (text, "13812345678")


class Repeating(FakeInference):
    """Fails with a reason that repeats the text."""

    async def answer(self, asked: Asked) -> Answer:
        answer = await super().answer(asked)
        errors = {
            place: ItemError(code="model_failed", reason=f"cannot read {item!r}")
            for place, item in enumerate(asked.items)
        }
        return replace(answer, errors=errors)


async def test_a_reason_that_repeats_what_a_customer_wrote_is_masked() -> None:
    bench = Bench(model=Repeating(SLOTS))
    bench.feed([review(0, "13812345678")])
    await bench.finish()
    (letter,) = bench.letters()
    assert letter.reason == "cannot read '[phone]'"
    assert letter.raw_value() == review(0, "13812345678")
