"""What the quality benchmark makes of answers."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from inference.evaluation.retrieval import bleu
from tests.benchmarks import report
from tests.benchmarks.quality_rows.figures import Figure, Row, calibration, mean
from tests.benchmarks.quality_rows.floors import fitted


def row(value: float | None, *, less_is_better: bool = False) -> Row:
    figure = None if value is None else Figure(value=value, low=value, high=value)
    return Row(
        set="a set",
        metric="accuracy",
        n=1_000,
        model=figure,
        floor=Figure(value=0.5, low=0.4, high=0.6),
        must=0.03 if less_is_better else 0.8,
        aim=0.01 if less_is_better else 0.9,
        less_is_better=less_is_better,
    )


def test_a_share_has_an_interval_around_it() -> None:
    found = mean([1] * 800 + [0] * 200)
    assert found.value == 0.8
    # 1.96 * sqrt(0.8 * 0.2 / 1000) = 0.0248
    assert found.high - found.low == pytest.approx(2 * 0.0248, rel=0.2)
    assert found.low < 0.8 < found.high


def test_a_model_as_sure_as_it_is_right_is_calibrated() -> None:
    rows = np.tile(np.array([[0.75, 0.25]], dtype=np.float32), (400, 1))
    right = np.array([0] * 300 + [1] * 100)
    assert calibration(rows, right).value == pytest.approx(0, abs=1e-6)
    assert calibration(rows, np.zeros(400, dtype=np.intp)).value == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("value", "less", "standing"),
    [
        (None, False, "no model"),
        (0.79, False, "short"),
        (0.8, False, "must"),
        (0.95, False, "aim"),
        (0.04, True, "short"),
        (0.02, True, "must"),
        (0.01, True, "aim"),
    ],
)
def test_a_row_says_which_targets_it_reaches(
    value: float | None, less: bool, standing: str
) -> None:
    assert row(value, less_is_better=less).standing == standing


def test_a_class_that_was_not_learned_keeps_its_place() -> None:
    floor = fitted(["red mug", "red cup", "old lamp", "new lamp"], [0, 0, 2, 2])
    rows = floor.probabilities(["red mug", "lamp"])
    assert rows.argmax(axis=1).tolist() == [0, 2]
    assert rows[:, 1].tolist() == [0.0, 0.0]


def test_a_reply_word_for_word_has_a_bleu_of_one() -> None:
    assert bleu("您的订单已经发货", "您的订单已经发货") == pytest.approx(1)
    assert bleu("请稍等", "您的订单已经发货") < 0.1
    half = bleu("您的订单还没有", "您的订单已经发货")
    assert 0.1 < half < 0.9
    assert bleu("您的订单已经发货了", "您的订单已经发货") > half


def test_the_table_shows_a_model_that_is_not_there() -> None:
    rows = [{**asdict(one), "standing": one.standing} for one in (row(None), row(0.85))]
    lines = report.quality_rows({"date": "2026-11-28T00", "commit": "abc", "rows": rows})
    assert "| - | 0.5 (0.4-0.6) | 0.8 | 0.9 | no model |" in lines[0]
    assert "| 0.85 (0.85-0.85) | 0.5 (0.4-0.6) | 0.8 | 0.9 | must |" in lines[1]
