"""A less exact way is taken where it is faster by enough and keeps the scores; nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.models.precision import PAYS, TOLERANCE, Precision, Trial, choose, compare


def trial(
    precision: Precision, seconds: float, shift: float = 0.0, same_labels: bool = True
) -> Trial:
    return Trial(precision=precision, seconds=seconds, shift=shift, same_labels=same_labels)


EXACT = trial(Precision.FP32, 1.0)


@pytest.mark.parametrize(
    ("bf16", "int8", "chosen", "words"),
    [
        (0.4, 0.38, Precision.BF16, "which does not pay beside bfloat16"),
        (0.4, 0.2, Precision.INT8, "int8 is 5.0 times as fast"),
        (3.0, 0.6, Precision.INT8, "bfloat16 is 0.3 times as fast as float32, which does not pay"),
        (0.9, 0.9, Precision.FP32, "does not pay"),
    ],
)
def test_the_fastest_is_taken_if_it_is_faster_by_enough(
    bf16: float, int8: float, chosen: Precision, words: str
) -> None:
    choice = choose(EXACT, [trial(Precision.BF16, bf16), trial(Precision.INT8, int8)])
    assert choice.precision is chosen
    assert words in choice.reason


@pytest.mark.parametrize(("shift", "same_labels"), [(0.2, True), (0.0, False)])
def test_speed_does_not_make_up_for_other_scores(shift: float, same_labels: bool) -> None:
    choice = choose(EXACT, [trial(Precision.INT8, 0.01, shift, same_labels)])
    assert choice.precision is Precision.FP32
    assert "moves a sample's score" in choice.reason


ways = st.tuples(st.floats(0.01, 10), st.floats(0, 0.1), st.booleans())


@given(bf16=ways, int8=ways)
def test_what_is_chosen_is_never_slower_nor_wrong(
    bf16: tuple[float, float, bool], int8: tuple[float, float, bool]
) -> None:
    trials = [EXACT, trial(Precision.BF16, *bf16), trial(Precision.INT8, *int8)]
    chosen = choose(trials[0], trials[1:]).precision
    taken = next(one for one in trials if one.precision is chosen)
    assert taken.shift <= TOLERANCE[chosen]
    assert taken.same_labels
    assert taken is EXACT or taken.seconds * PAYS <= EXACT.seconds


def test_scores_are_compared_by_their_largest_difference_and_clear_labels() -> None:
    exact = np.array([[0.9, 0.1], [0.505, 0.495]], dtype=np.float32)
    near = np.array([[0.895, 0.105], [0.499, 0.501]], dtype=np.float32)
    shift, same_labels = compare(exact, near, 0.02)
    assert shift == pytest.approx(0.006, abs=1e-6)
    assert same_labels
    assert compare(exact, exact[:, ::-1], 0.02)[1] is False
