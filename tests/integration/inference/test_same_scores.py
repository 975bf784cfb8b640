"""A text's scores do not depend on the batch that it rides in: the bundled model on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.messages import Floats
from inference.models.base import Model, forward
from inference.models.loading import load
from inference.models.names import BUNDLED

TOLERANCES = {
    "fp32": 1e-5,  # sums are taken in another order in another batch
    "bf16": 0.01,  # the same, of numbers with 8 bits of mantissa
    "int8": 0.01,  # what lies between two of 255 numbers can fall to either side
}
pytestmark = pytest.mark.timeout(120)

words = st.sampled_from(["好", "很差", "terrible", "我喜欢", "the seam split", "，", "😀"])
reviews = st.lists(words, max_size=12).map(" ".join)
long_reviews = st.tuples(reviews, st.integers(10, 60)).map(lambda pair: f"{pair[0]} " * pair[1])


@pytest.fixture(scope="module", params=sorted(TOLERANCES))
def dtype(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(dtype: str) -> Model:
    return load("sentiment", BUNDLED, "cpu", 512, dtype)


def row_in(model: Model, texts: list[str], place: int) -> Floats:
    row: Floats = forward(model, model.prepare(texts))[place]
    return row


@settings(max_examples=30, deadline=None)
@given(text=reviews, mates=st.lists(reviews | long_reviews, max_size=12), data=st.data())
def test_scores_are_the_same_in_any_batch(
    model: Model, dtype: str, text: str, mates: list[str], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(mates)))
    batch = [*mates[:place], text, *mates[place:]]
    alone, riding = row_in(model, [text], 0), row_in(model, batch, place)
    np.testing.assert_allclose(riding, alone, atol=TOLERANCES[dtype], rtol=0)
    if np.ptp(alone) > TOLERANCES[dtype]:
        assert riding.argmax() == alone.argmax()
