"""Whether the right reply is found among others: ranks, figures, and the floor."""

from __future__ import annotations

import numpy as np
import pytest

from inference.evaluation.neighbours import fit_neighbours
from inference.evaluation.retrieval import Choices, retrieval_report, together


def test_replies_are_counted_once_and_ranked() -> None:
    choices = Choices.of(["a", "b", "a"])
    assert choices.replies == ["a", "b"]
    scores = np.array([[1, 2], [1, 2], [3, 2]], dtype=np.float32)
    assert choices.ranks(scores).tolist() == [1, 0, 0]
    found = retrieval_report(scores, choices)
    assert (found.n, found.choices) == (3, 2)
    assert found.recall_at_1 == pytest.approx(2 / 3, abs=1e-4)
    assert found.mrr == pytest.approx(2.5 / 3, abs=1e-4)
    assert found.intervals["recall_at_1"][0] < found.recall_at_1


@pytest.mark.parametrize("score", [0.5, float("nan")])
def test_who_tells_no_reply_from_another_has_found_none(score: float) -> None:
    choices = Choices.of([str(n) for n in range(20)])
    found = retrieval_report(np.full((20, 20), score, dtype=np.float32), choices)
    assert (found.recall_at_1, found.recall_at_10, found.mrr) == (0, 0, 0.05)


def test_two_ways_together_are_on_one_scale() -> None:
    sure = np.array([[1, 2, 3], [1, 2, 3]], dtype=np.float32)
    other = np.array([[900, 500, 100], [500, 500, 500]], dtype=np.float32)
    assert together([(1, sure), (0, other)]).argmax(axis=1).tolist() == [2, 2]
    assert together([(1, sure), (0.5, other)]).argmax(axis=1).tolist() == [2, 2]
    assert together([(1, sure), (2, other)]).argmax(axis=1).tolist() == [0, 2]


def test_the_floor_takes_what_was_said_to_a_like_question() -> None:
    floor = fit_neighbours(["什么时候发货", "怎么退款"], ["今天就发", "在订单里申请退款"])
    scores = floor.scores(["几点发货", "退款怎么弄"], ["申请退款就好", "今天发"])
    assert scores.argmax(axis=1).tolist() == [1, 0]
