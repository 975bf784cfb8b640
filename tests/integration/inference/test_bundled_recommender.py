"""The bundled recommender: what its rows promise to the worker and to the ranking."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from inference.errors import ModelError
from inference.messages import Floats, Item
from inference.models.loading import BUNDLED_FOLDER, load
from inference.models.recommender import MAX_HISTORY, WIDTH, Recommender, load_recommender

FOLDER = BUNDLED_FOLDER / "recommend"
TOLERANCE = 1e-5  # fp32

ITEMS: list[Item] = [
    "blue ceramic mug",
    ["red retrospot lunch bag", "set of 6 tea plates", "jam making set"],
    "陶瓷马克杯 350ml",
    ["猫砂 10kg"],
    ["garden trowel"] * 40,
    "",
    ["hand warmer", "", "圣诞彩灯"],
]


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return load_recommender("recommend", FOLDER, "bundled", "0" * 16, "cpu")


def rows_of(recommender: Recommender, items: list[Item]) -> Floats:
    return recommender.forward(recommender.prepare(items))


def alone(recommender: Recommender, item: Item) -> Floats:
    row: Floats = rows_of(recommender, [item])[0]
    return row


def test_rows_are_unit_vectors(recommender: Recommender) -> None:
    rows = rows_of(recommender, ITEMS)
    assert rows.shape == (len(ITEMS), WIDTH)
    assert rows.dtype == np.float32
    assert recommender.info.width == WIDTH
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=TOLERANCE)


def test_a_row_does_not_depend_on_its_batch(recommender: Recommender) -> None:
    together = rows_of(recommender, ITEMS)
    for item, row in zip(ITEMS, together, strict=True):
        np.testing.assert_allclose(alone(recommender, item), row, atol=TOLERANCE)
    backwards = rows_of(recommender, ITEMS[::-1])[::-1]
    np.testing.assert_allclose(backwards, together, atol=TOLERANCE)


def test_only_the_last_items_of_a_history_count(recommender: Recommender) -> None:
    recent: Item = [f"tea towel no {number}" for number in range(MAX_HISTORY)]
    longer: Item = ["power drill"] * 7 + list(recent)
    np.testing.assert_allclose(
        alone(recommender, longer), alone(recommender, recent), atol=TOLERANCE
    )
    assert recommender.prepare([longer])[0].length == MAX_HISTORY


def test_the_order_of_a_history_counts(recommender: Recommender) -> None:
    one = alone(recommender, ["garden trowel", "blue ceramic mug", "cake tin"])
    other = alone(recommender, ["cake tin", "blue ceramic mug", "garden trowel"])
    assert np.abs(one - other).max() > TOLERANCE


def test_an_empty_history_scores_nothing(recommender: Recommender) -> None:
    rows = rows_of(recommender, ["mug", [], ["mug"]])
    assert np.isfinite(rows).all()
    assert not rows[1].any()
    assert not alone(recommender, []).any()
    assert recommender.prepare([[]])[0].length == 1


@pytest.mark.parametrize("text", ["", " ", "\x00\x07", "🤷‍♀️" * 50, "x" * 100_000, "龘龘\ud83d"])
def test_strange_texts_have_finite_rows(recommender: Recommender, text: str) -> None:
    assert np.isfinite(rows_of(recommender, [text, [text, "mug"]])).all()


@pytest.mark.parametrize(
    ("history", "near", "far"),
    [
        (["陶瓷茶杯", "玻璃水杯"], "马克杯", "自行车轮胎"),
        (["ceramic tea cup", "glass tumbler"], "马克杯", "自行车轮胎"),
        (["圣诞树装饰", "圣诞袜"], "christmas lights", "car tyre"),
        (["大米", "食用油"], "酱油", "平板电脑"),
    ],
)
def test_an_unseen_catalogue_works_in_both_languages(
    recommender: Recommender, history: list[str], near: str, far: str
) -> None:
    past, one, other = rows_of(recommender, [history, near, far])
    assert past @ one > past @ other


def test_a_slot_that_needs_labels_does_not_take_it() -> None:
    with pytest.raises(ModelError, match="gives vectors, and sentiment needs prob"):
        load("sentiment", str(FOLDER), "cpu", 512)


def test_a_folder_of_other_weights_is_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "broken")
    shutil.copy(
        BUNDLED_FOLDER / "intent" / "model.safetensors", tmp_path / "broken/model.safetensors"
    )
    with pytest.raises(ModelError, match="recommender"):
        load_recommender("recommend", tmp_path / "broken", "broken", "0" * 16, "cpu")
