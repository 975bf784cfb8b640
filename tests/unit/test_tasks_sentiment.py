"""From a classifier's probabilities to a label."""

from __future__ import annotations

import numpy as np
import pytest

from inference.tasks.sentiment import decide, decide_many, label_names


def test_plain_spellings_are_normalised() -> None:
    assert label_names(("POS", " neutral", "NEG", "差评")) == (
        "positive",
        "neutral",
        "negative",
        "negative",
    )


def test_other_labels_stay_unless_the_configuration_names_them() -> None:
    assert label_names(("LABEL_0", "5 stars", "joy")) == ("LABEL_0", "5 stars", "joy")
    assert label_names(("LABEL_0", "joy"), {"LABEL_0": "negative"}) == ("negative", "joy")


def test_decide() -> None:
    label, score, scores = decide([0.25, 0.75], ("NEGATIVE", "POSITIVE"))
    assert (label, score) == ("positive", 0.75)
    assert scores == {"negative": 0.25, "positive": 0.75}


def test_labels_of_one_name_are_added_up() -> None:
    names = {"1 star": "negative", "2 stars": "negative", "3 stars": "neutral"}
    label, score, scores = decide([0.3, 0.3, 0.4], ("1 star", "2 stars", "3 stars"), names)
    assert label == "negative"
    assert score == pytest.approx(0.6)
    assert list(scores) == ["negative", "neutral"]


def test_rounding_never_leaves_the_range_of_a_probability() -> None:
    rows = np.array([[1.0000001, -0.0000001]], dtype=np.float32)
    assert decide_many(rows, ("a", "b"))[0][1:] == (1.0, {"a": 1.0, "b": 0.0})


def test_a_chunk_gives_what_each_row_gives() -> None:
    rows = np.random.default_rng(1).random((7, 3), dtype=np.float32)
    labels = ("neg", "neu", "pos")
    assert decide_many(rows, labels) == [decide(row, labels) for row in rows]
    assert decide_many(rows[:0], labels) == []


@pytest.mark.parametrize("row", [[0.5], [0.1, 0.2, 0.7], [float("nan"), 0.5]])
def test_a_row_that_does_not_fit_is_refused(row: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilit"):
        decide(row, ("a", "b"))
