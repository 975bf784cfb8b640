"""A text's scores do not depend on the batch that it rides in: the bundled model, float32, CPU."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.messages import Floats
from inference.models.base import Model, forward
from inference.models.loading import BUNDLED, load

TOLERANCE = 1e-5  # of float32: sums are taken in another order in another batch
pytestmark = pytest.mark.timeout(120)

words = st.sampled_from(["好", "很差", "terrible", "我喜欢", "the seam split", "，", "😀"])
reviews = st.lists(words, max_size=12).map(" ".join)
long_reviews = st.tuples(reviews, st.integers(10, 60)).map(lambda pair: f"{pair[0]} " * pair[1])


@pytest.fixture(scope="module")
def model() -> Model:
    return load("sentiment", BUNDLED, "cpu", 512)


def row_in(model: Model, texts: list[str], place: int) -> Floats:
    row: Floats = forward(model, model.prepare(texts))[place]
    return row


@settings(max_examples=40, deadline=None)
@given(text=reviews, mates=st.lists(reviews | long_reviews, max_size=12), data=st.data())
def test_scores_are_the_same_in_any_batch(
    model: Model, text: str, mates: list[str], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(mates)))
    batch = [*mates[:place], text, *mates[place:]]
    alone = row_in(model, [text], 0)
    np.testing.assert_allclose(row_in(model, batch, place), alone, atol=TOLERANCE, rtol=0)
