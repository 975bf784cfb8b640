"""Trying again, and the order of a key: who waits holds back what is his, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inference.errors import QueueFull
from inference.messages import Answer, Item
from streams.position import Position
from tests.pipeline_bench import Bench, review


async def test_a_refused_question_is_asked_again_and_its_key_keeps_its_order() -> None:
    bench = Bench()
    answer = bench.model.ask
    refusals = iter([True, True, True])
    left_before: list[list[str]] = []

    async def full(slot: str, items: Sequence[Item], *, lane: Any, within_s: Any = None) -> Answer:
        if "refused" in items and next(refusals, False):
            left_before.append([label.review_id for label in bench.labels()])
            raise QueueFull("no room")
        return await answer(slot, items, lane=lane)

    bench.model.ask = full  # type: ignore[method-assign]
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
