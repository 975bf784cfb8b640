"""Figures on a labelled file, and what its labels mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from inference.errors import GoldLabelError
from inference.evaluation.report import evaluate
from inference.evaluation.scoring import load_classifier, score
from inference.gold import Gold, gold_names
from inference.messages import Floats, Item, ModelInfo
from inference.models.base import forward
from inference.models.loading import load
from tests.toys.tiny_bert import make_tiny_bert

pytestmark = pytest.mark.usefixtures("one_thread")
LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class Encoded:
    text: str

    @property
    def length(self) -> int:
        return len(self.text)


class Reader:
    """Knows `+`, `-` and `0`; finds `?` mostly neutral and rather positive."""

    rows: ClassVar = {
        "+": (0.1, 0.1, 0.8),
        "-": (0.9, 0.1, 0),
        "0": (0.1, 0.8, 0.1),
        "?": (0.1, 0.5, 0.4),
    }

    def __init__(self) -> None:
        self.info = ModelInfo(
            slot="sentiment",
            name="reader",
            hash="0" * 16,
            labels=LABELS,
            width=3,
            device="cpu",
            dtype="float32",
        )
        self.costs: list[int] = []

    def prepare(self, items: Sequence[Item]) -> list[Encoded]:
        return [Encoded(str(item)) for item in items]

    def forward(self, batch: Sequence[Encoded]) -> Floats:
        self.costs.append(max(one.length for one in batch) * len(batch))
        return np.array([self.rows[one.text[0]] for one in batch], dtype=np.float32)


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_figures(reader: Reader) -> None:
    report, _ = evaluate(["+", "+", "-", "0", "-"], [5, 1, 1, 3, 4], reader)
    assert report.n == 5
    assert report.accuracy == 0.6
    assert report.confusion["negative"] == {"negative": 1, "neutral": 0, "positive": 1}
    assert report.confusion["positive"] == {"negative": 1, "neutral": 0, "positive": 1}
    positive = report.per_class["positive"]
    assert (positive.precision, positive.recall, positive.f1, positive.support) == (0.5,) * 3 + (2,)
    assert report.macro_f1 == pytest.approx((0.5 + 0.5 + 1) / 3, abs=1e-3)
    assert report.texts_per_s > 0
    assert json.loads(json.dumps(asdict(report)))["model"]["name"] == "reader"


def test_a_file_without_neutral_asks_for_one_side(reader: Reader) -> None:
    assert evaluate(["?", "-"], ["1", "0"], reader)[0].accuracy == 1.0
    assert evaluate(["?", "-", "0"], ["1", "-1", "0"], reader)[0].accuracy == pytest.approx(
        2 / 3, abs=1e-3
    )


def test_a_file_of_one_label_is_no_gift(reader: Reader) -> None:
    assert evaluate(["-", "+"], ["positive", "positive"], reader)[0].accuracy == 0.5


def test_no_texts_no_figures(reader: Reader) -> None:
    assert evaluate([], [], reader)[0].n == 0


def test_batches_keep_the_budget_and_the_order(reader: Reader) -> None:
    texts = [sign * (n % 30 + 1) for n in range(100) for sign in "+-"]
    rows = score(reader, texts, batch_tokens=64)
    np.testing.assert_allclose(rows, [reader.rows[text[0]] for text in texts], rtol=1e-6)
    assert max(reader.costs) <= 64


def test_a_real_model_scores_as_it_does_alone(tmp_path: Path) -> None:
    folder = str(make_tiny_bert(tmp_path / "tiny"))
    texts = ["good", "很差 " * 10, "bad 好", ""]
    report, _ = evaluate(texts, ["1", "-1", "0", "0"], load_classifier("sentiment", folder))
    model = load("sentiment", folder, "cpu", 512)
    best = forward(model, model.prepare(texts)).argmax(axis=1)
    right = (best == [2, 0, 1, 1]).mean()
    assert report.accuracy == pytest.approx(right)
    assert report.model.hash == model.info.hash


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1], "neg pos"),
        (["0", "1.0", True], "neg pos pos"),
        ([1, 1], "pos pos"),
        ([-1, 0, 1], "neg neu pos"),
        (["-1", "1"], "neg pos"),
        ([1, 2, 3, 4, 5], "neg neg neu pos pos"),
        ([1.0, 5.0], "neg pos"),
        (["1star", "5 Stars", "3星"], "neg pos neu"),
        (["Positive", " neg ", "好评", "差评", "中性"], "pos neg pos neg neu"),
        (["好评", 0, 1], "pos neg pos"),
    ],
)
def test_what_labels_mean(labels: list[Gold], names: str) -> None:
    full = {"neg": "negative", "neu": "neutral", "pos": "positive"}
    assert gold_names(labels, LABELS) == [full[name] for name in names.split()]


def test_a_models_own_labels_are_known() -> None:
    assert gold_names(["Refund", "greeting"], ["greeting", "refund"]) == ["refund", "greeting"]


def test_a_models_own_labels_may_be_numbers() -> None:
    known = [str(number) for number in range(77)]
    assert gold_names(["0", 5, " 76"], known) == ["0", "5", "76"]
    with pytest.raises(GoldLabelError, match="row 2"):
        gold_names(["3", "77", "4"], known)


@pytest.mark.parametrize("bad", [7, 2.5, "", "nan", "inf", "angry"])
def test_an_unknown_label_is_quoted_with_its_row_and_the_scales(bad: Gold) -> None:
    with pytest.raises(GoldLabelError, match=f"row 3 is '{bad}', .* 1 to 5 stars") as caught:
        gold_names([1, 1, bad], LABELS)
    assert caught.value.row == 3


@pytest.mark.parametrize("text", ["a private text", "一" * 25])
def test_a_text_where_a_label_should_be_is_not_quoted(text: str) -> None:
    with pytest.raises(GoldLabelError, match=f"row 1 is {len(text)} characters long") as caught:
        gold_names([text], LABELS)
    assert text not in str(caught.value)


def test_scales_are_told_to_models_that_have_them() -> None:
    with pytest.raises(GoldLabelError, match=r"knows: greeting, refund$"):
        gold_names(["refnd"], ["greeting", "refund"])


def test_a_label_that_the_model_lacks() -> None:
    with pytest.raises(GoldLabelError, match="row 1"):
        gold_names([3, 5], ["negative", "positive"])
