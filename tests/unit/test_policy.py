"""What errors become."""

from __future__ import annotations

import pytest

from inference.errors import QueueFull, WorkerDied
from inference.messages import ItemError
from schemas.errors import DecodeError
from streams import policy
from streams.errors import PublishError, StoreFull, TaskFailed


@pytest.mark.parametrize(
    "error", [PublishError("no broker"), QueueFull("full"), StoreFull("no space")]
)
def test_what_time_heals_is_tried_again_later_and_later_up_to_a_limit(error: Exception) -> None:
    decisions = [policy.decide(error, attempt) for attempt in range(200)]
    delays = [d.delay_s for d in decisions if isinstance(d, policy.Again)]
    assert len(delays) == len(decisions)
    assert delays == sorted(delays)
    assert delays[0] == policy.FIRST_DELAY_S
    assert delays[-1] == policy.MAX_DELAY_S


def test_what_lies_in_the_record_is_buried_with_its_reason() -> None:
    for error in (DecodeError("not_json", "no JSON"), ItemError(code="x", reason="y")):
        assert policy.decide(error) == policy.Bury(error.code, error.reason)


def test_a_tasks_failure_is_buried_without_the_words_of_its_error() -> None:
    try:
        raise RuntimeError("card 4111 1111 1111 1111")
    except RuntimeError as error:
        buried = policy.decide(TaskFailed(error))
    assert isinstance(buried, policy.Bury)
    assert buried.detail is not None
    assert "RuntimeError" in buried.detail
    assert "4111" not in buried.detail


def test_records_that_end_the_worker_are_asked_apart() -> None:
    assert policy.decide(WorkerDied("three times")) == policy.Apart()


def test_a_defect_stops_the_worker() -> None:
    assert isinstance(policy.decide(ZeroDivisionError("ours")), policy.Stop)
