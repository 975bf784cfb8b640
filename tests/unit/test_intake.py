"""What is prepared next: each item once, portions of the urgent before more of the others."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inference.frames import Ask
from inference.intake import Intake, Job, Portion
from inference.messages import Item, Lane
from tests.toys.worker import ToyModel

PORTION = 4
MODEL = ToyModel("toy")


def job(
    request: int,
    count: int,
    lane: Lane,
    at: float = 0.0,
    apart: Sequence[int] = (),
    slot: str = "toy",
) -> Job:
    items = [f"{request} {place}" for place in range(count)]
    return Job(
        ask=Ask(request=request, slot=slot, lane=lane, items=items, apart=apart),
        model=MODEL,
        slot=slot,
        queued_at=at,
        deadlines=[math.inf] * count,
    )


def texts(portion: Portion) -> list[Item]:
    return [job.ask.items[place] for job, place in portion.asked]


def lane_of(portion: Portion) -> Lane:
    (lane,) = {job.ask.lane for job, _ in portion.asked}
    return lane


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
    assert all(1 <= len(portion.asked) <= PORTION for portion in portions)
    for lane in Lane:
        mine = [portion for portion in portions if lane_of(portion) is lane]
        assert all(len(portion.asked) == PORTION for portion in mine[:-1])
        assert [text for one in mine for text in texts(one)] == [
            f"{number} {place}"
            for number, (count, of) in enumerate(requests)
            if of is lane
            for place in range(count)
        ]
    assert not intake.has_portion()


def test_suspects_are_prepared_alone() -> None:
    intake = Intake(portion_items=PORTION)
    intake.add(job(1, 9, Lane.REVIEWS, apart=(1, 2, 8)))
    intake.add(job(2, 3, Lane.REVIEWS))
    found = [([place for _, place in one.asked], one.is_apart) for one in drained(intake)]
    assert found == [
        ([0], False),
        ([1], True),
        ([2], True),
        ([3, 4, 5, 6], False),
        ([7], False),
        ([8], True),
        ([0, 1, 2], False),
    ]


def test_a_portion_is_filled_from_several_requests_of_one_model() -> None:
    intake = Intake(portion_items=PORTION)
    for number, slot in enumerate(["a", "b", "a", "a", "b"]):
        intake.add(job(number, 2, Lane.CHAT, at=float(number), slot=slot))
    found = [portion.ids for portion in drained(intake)]
    assert found == [
        [(0, 0), (0, 1), (2, 0), (2, 1)],
        [(1, 0), (1, 1), (4, 0), (4, 1)],
        [(3, 0), (3, 1)],
    ]


def test_what_is_not_wanted_yet_is_left() -> None:
    intake = Intake(portion_items=PORTION)
    intake.add(job(1, 1, Lane.CHAT, slot="full"))
    intake.add(job(2, 1, Lane.REVIEWS, slot="free"))
    portion = intake.next_portion(0.0, lambda queue: queue[1] == "free")
    assert portion is not None
    assert portion.ids == [(2, 0)]
    assert intake.next_portion(0.0, lambda queue: queue[1] == "free") is None
    assert not intake.has_portion(lambda queue: queue[1] == "free")
    assert intake.has_portion()


def test_the_urgent_waits_for_a_portion_only() -> None:
    intake = Intake(portion_items=PORTION)
    intake.add(job(1, 10, Lane.REVIEWS))
    first = intake.next_portion(now=0.0)
    intake.add(job(2, 1, Lane.CHAT))
    assert first is not None
    assert first.ids == [(1, place) for place in range(PORTION)]
    assert [portion.ids[0][0] for portion in drained(intake)] == [2, 1, 1]


@given(jobs, st.integers(0, 7))
def test_what_is_cancelled_is_not_prepared(requests: list[tuple[int, Lane]], gone: int) -> None:
    intake = Intake(portion_items=PORTION)
    for number, (count, lane) in enumerate(requests):
        intake.add(job(number, count, lane))
    intake.cancel(gone)
    found = {request for portion in drained(intake) for request, _ in portion.ids}
    assert found == set(range(len(requests))) - {gone}
