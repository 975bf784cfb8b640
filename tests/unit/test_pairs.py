"""Two texts that a model reads together: as transformers reads them, trained and measured so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from inference.messages import Item
from inference.models.base import Model, forward
from inference.models.encoding import TextEncoder
from inference.models.loading import load
from inference.training.tokenizer import mark_pairs
from streams.cli.app import app
from streams.cli.failures import run_command
from tests.toys.tiny_bert import make_tiny_bert

PAIRS: list[Item] = [["good bad", "good"], ["good", "bad good bad"], ["很好", "差"], ["不", "不"]]
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose tokenizer marks pairs."""
    made = make_tiny_bert(tmp_path_factory.mktemp("pairs") / "tiny")
    tokenizer = AutoTokenizer.from_pretrained(made)
    mark_pairs(tokenizer)
    tokenizer.save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load("aspects", str(folder), "cpu", 512)


def test_marks_stand_around_both_and_the_second_is_told_apart(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = TextEncoder(tokenizer, pad=0, max_tokens=6, tells_apart=True)
    alone, pair, long = encoder(["good", ["good", "bad"], ["good " * 9, "bad"]])
    names = tokenizer.convert_ids_to_tokens
    assert names(alone.ids) == ["[CLS]", "good", "[SEP]"]
    assert alone.second is None
    assert names(pair.ids) == ["[CLS]", "good", "[SEP]", "bad", "[SEP]"]
    assert pair.second == 3
    assert names(long.ids) == ["[CLS]", "good", "good", "[SEP]", "bad", "[SEP]"]


def test_a_tokenizer_that_marks_pairs_its_own_way_is_left_alone(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = tokenizer.backend_tokenizer.to_str()
    mark_pairs(tokenizer)
    assert tokenizer.backend_tokenizer.to_str() == before


def test_one_text_is_marked_as_before(tmp_path: Path) -> None:
    folder = make_tiny_bert(tmp_path / "tiny")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = tokenizer("good 很好")["input_ids"]
    mark_pairs(tokenizer)
    assert tokenizer("good 很好")["input_ids"] == before


@pytest.mark.parametrize("packs", [True, False])
def test_scores_are_those_of_transformers_whatever_rides_along(
    folder: Path, packs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not packs:
        monkeypatch.setattr("inference.models.packing._ENCODERS", ())
    model = load("aspects", str(folder), "cpu", 512)
    assert model.info.plan is not None
    assert model.info.plan.packed is packs
    rows = forward(model, model.prepare(["good", *PAIRS, "bad " * 20]))
    np.testing.assert_allclose(rows[1:-1], direct(folder), atol=TOLERANCE)
    np.testing.assert_allclose(rows[1:-1], forward(model, model.prepare(PAIRS)), atol=TOLERANCE)


def direct(folder: Path) -> np.ndarray:
    """Return what transformers makes of each pair alone."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        rows = [network(**tokenizer(*pair, return_tensors="pt")).logits for pair in PAIRS]
    probabilities: np.ndarray = torch.softmax(torch.cat(rows), dim=1).numpy()
    return probabilities


def test_which_text_is_the_second_matters(model: Model) -> None:
    one, other = forward(model, model.prepare([["good", "bad"], ["bad", "good"]]))
    assert np.abs(one - other).max() > 10 * TOLERANCE


def test_no_model_for_aspects_is_bundled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = tmp_path / "b.csv"
    test.write_text("review,aspect,label\ngood,a,1\nbad,a,0\n", encoding="utf-8")
    assert run_command(app, ["evaluate", "aspects", str(test), "--map", "text=review"]) == 1
    assert "no model folder is bundled for aspects: name one" in capsys.readouterr().err


def test_a_missing_aspect_column_says_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\ngood,1\nbad,0\n", encoding="utf-8")
    assert run_command(app, ["train", "aspects", str(path), "--out", str(tmp_path / "x")]) == 1
    assert "has a text, aspect and label; it has text, label." in capsys.readouterr().err
