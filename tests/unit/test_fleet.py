"""Of several workers each call goes to the one with the least to do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.client import InferenceClient
from inference.fleet import Fleet, connect, least, outstanding_cost
from inference.settings import InferenceSettings


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8))
def test_the_one_with_least_to_do_is_chosen(outstanding: list[int]) -> None:
    assert outstanding[least(outstanding, [True] * len(outstanding))] == min(outstanding)


def test_of_equals_the_first_is_chosen() -> None:
    assert least([3, 2, 2], [True] * 3) == 1


def test_one_that_starts_again_is_passed_by_while_another_is_there() -> None:
    assert least([0, 9, 5], [False, True, True]) == 2
    assert least([3, 1, 2], [False, False, False]) == 1


def test_long_texts_cost_more_and_only_what_matters() -> None:
    assert outstanding_cost(["x" * 100], 1000) > outstanding_cost(["x" * 10], 1000)
    assert outstanding_cost(["x" * 5000], 1000) == outstanding_cost(["x" * 1000], 1000)
    assert outstanding_cost([["ab", "cd"]], 1000) == outstanding_cost(["abcd"], 1000)
    assert outstanding_cost(["", ""], 1000) > 0


async def test_one_worker_needs_no_fleet() -> None:
    assert isinstance(connect(InferenceSettings(models={}, workers=2)), Fleet)
    assert isinstance(connect(InferenceSettings(models={})), InferenceClient)
