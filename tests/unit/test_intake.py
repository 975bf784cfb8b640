"""What is prepared next: each item once, portions of the urgent before more of the others."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inference.frames import Ask
from inference.intake import Intake, Job, Portion
from inference.messages import Lane
from tests.unit.toy_worker import ToyModel

PORTION = 4
MODEL = ToyModel("toy")


def job(request: int, count: int, lane: Lane, at: float = 0.0, apart: Sequence[int] = ()) -> Job:
    items = [f"{request} {place}" for place in range(count)]
    return Job(
        ask=Ask(request=request, slot="toy", lane=lane, items=items, apart=apart),
        model=MODEL,
        slot="toy",
        queued_at=at,
        deadlines=[math.inf] * count,
    )


def drained(intake: Intake) -> list[Portion]:
    found = []
    while (portion := intake.next_portion(now=0.0)) is not None:
        found.append(portion)
    return found


jobs = st.lists(st.tuples(st.integers(1, 10), st.sampled_from(Lane)), max_size=8)


@given(jobs)
def test_all_is_prepared_once_and_in_order(requests: list[tuple[int, Lane]]) -> None:
    intake = Intake(portion_items=PORTION)
    for number, (count, lane) in enumerate(requests):
        intake.add(job(number, count, lane))
    portions = drained(intake)
    assert all(1 <= len(portion.items) <= PORTION for portion in portions)
    for lane in Lane:
        texts = [text for one in portions if one.job.ask.lane is lane for text in one.items]
        assert texts == [
            f"{number} {place}"
            for number, (count, mine) in enumerate(requests)
            if mine is lane
            for place in range(count)
        ]
    assert intake.is_idle


def test_suspects_are_prepared_alone() -> None:
    intake = Intake(portion_items=PORTION)
    intake.add(job(1, 9, Lane.REVIEWS, apart=(1, 2, 8)))
    found = [(portion.places, portion.is_apart) for portion in drained(intake)]
    assert found == [
        (range(0, 1), False),
        (range(1, 2), True),
        (range(2, 3), True),
        (range(3, 7), False),
        (range(7, 8), False),
        (range(8, 9), True),
    ]


def test_the_urgent_waits_for_a_portion_only() -> None:
    intake = Intake(portion_items=PORTION)
    intake.add(job(1, 10, Lane.REVIEWS))
    first = intake.next_portion(now=0.0)
    intake.add(job(2, 1, Lane.CHAT))
    requests = [portion.job.ask.request for portion in drained(intake)]
    assert first is not None
    assert first.places == range(PORTION)
    assert requests == [2, 1, 1]


@given(jobs, st.integers(0, 7))
def test_what_is_cancelled_is_not_prepared(requests: list[tuple[int, Lane]], gone: int) -> None:
    intake = Intake(portion_items=PORTION)
    for number, (count, lane) in enumerate(requests):
        intake.add(job(number, count, lane))
    intake.cancel(gone)
    found = {portion.job.ask.request for portion in drained(intake)}
    assert found == set(range(len(requests))) - {gone}
