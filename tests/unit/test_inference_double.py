"""The double of the models answers as they would."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from inference.errors import (
    InferenceError,
    WorkerDied,
)
from inference.messages import Lane
from inference.testing import FakeInference


async def test_the_double_answers_as_a_model_would() -> None:
    fake = FakeInference(
        {"sentiment": ("negative", "positive"), "recommend": ()},
        is_poison=lambda item: item == "bad",
        failures=[WorkerDied("told to")],
    )
    with pytest.raises(WorkerDied):
        await fake.ask("sentiment", ["a"], lane=Lane.REVIEWS)
    answer = await fake.ask("sentiment", ["a", "bad", "b"], lane=Lane.REVIEWS)
    again = await fake.ask("sentiment", ["b"], lane=Lane.CHAT)
    assert list(answer.errors) == [1]
    np.testing.assert_array_equal(answer.rows[2], again.rows[0])
    assert answer.rows[0].sum() == pytest.approx(1, abs=1e-6)
    vectors = await fake.ask("recommend", [["a", "b"]], lane=Lane.ORDERS)
    assert np.linalg.norm(vectors.rows[0]) == pytest.approx(1, abs=1e-6)
    assert [one.lane for one in fake.asked] == [
        Lane.REVIEWS,
        Lane.REVIEWS,
        Lane.CHAT,
        Lane.ORDERS,
    ]
    with pytest.raises(InferenceError):
        await fake.ask("intent", ["a"], lane=Lane.CHAT)


async def test_the_double_waits_for_its_gate() -> None:
    fake = FakeInference({"intent": ("greeting", "refund")})
    fake.gate.clear()
    asking = asyncio.create_task(fake.ask("intent", ["hi"], lane=Lane.CHAT))
    await fake.arrived.get()
    assert not asking.done()
    fake.gate.set()
    assert len((await asking).rows) == 1
