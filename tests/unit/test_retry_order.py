"""Trying again, and the order of a key: who waits holds back what is his, and nobody else."""

from __future__ import annotations

from inference.errors import QueueFull
from inference.messages import Answer
from inference.testing import Asked
from streams.position import Position
from tests.pipeline_bench import Bench, review


async def test_a_refused_question_is_asked_again_and_its_key_keeps_its_order() -> None:
    bench = Bench()
    answer = bench.model.answer
    refusals = iter([True, True, True])
    left_before: list[list[str]] = []

    async def full(asked: Asked) -> Answer:
        if "refused" in asked.items and next(refusals, False):
            left_before.append([label.review_id for label in bench.labels()])
            raise QueueFull("no room")
        return await answer(asked)

    bench.model.answer = full  # type: ignore[method-assign]
    bench.feed([review(0, "refused", "a")])
    bench.feed([review(1, "fine", "b"), review(2, "fine", "a")])
    await bench.finish()
    assert left_before[-1] == ["r1"]  # the other customer did not wait for the third try
    assert [label.review_id for label in bench.labels()] == ["r1", "r0", "r2"]
    assert bench.frontier.to_commit() == Position(3)


async def test_outcomes_that_were_not_confirmed_leave_again_before_later_ones() -> None:
    bench = Bench()
    bench.publisher.failures_to_come = 2
    for number in range(4):
        bench.feed([review(number)])
    await bench.finish()
    assert bench.publisher.failures_to_come == 0
    assert [label.review_id for label in bench.labels()] == [f"r{n}" for n in range(4)]
