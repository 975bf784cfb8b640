"""A folder's model gives each text its own scores, or says in a sentence why it does not load."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.device import choose_device, choose_threads
from inference.errors import ModelError
from inference.messages import Floats, Item
from inference.models.base import Model, forward
from inference.models.loading import content_hash, load
from inference.models.names import BUNDLED, check_name
from tests.toys.bad_models import BAD_FOLDERS
from tests.toys.tiny_bert import LABELS, MAX_TOKENS, edit_config, make_tiny_bert

pytestmark = pytest.mark.usefixtures("one_thread")
TOLERANCE = 1e-5  # of float32: sums are taken in another order in another batch
TEXTS: list[Item] = [
    "good",
    "bad service 很差, not good at all " * 8,
    "很好",
    "",
    "   \n\t ",
    "\0\0\0",
    "🙂👍🏽",
    "ほげ",
    "\ud83d good \udc00",  # halves of characters, as JSON may carry them
    "\x1b[31m\u202e\x7f\ufeff good",
    ["a shirt", "很好 shoes"],
    [],
    "x" * 1_000_000,
    "不好 " * 250_000,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load("sentiment", str(folder), "cpu", 512)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def rows_of(model: Model, texts: list[Item]) -> Floats:
    return forward(model, model.prepare(texts))


def test_the_model_says_what_it_is(model: Model, folder: Path) -> None:
    info = model.info
    assert (info.slot, info.name, info.labels, info.width) == ("sentiment", "tiny", LABELS, 3)
    assert (info.device, info.dtype) == ("cpu", "float32")  # though the file has halves
    assert info.hash == content_hash(folder)
    assert len(info.hash) == 16


def test_a_text_has_the_same_scores_in_every_batch(model: Model) -> None:
    together = rows_of(model, TEXTS)
    alone = np.concatenate([rows_of(model, [text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=TOLERANCE)
    assert np.ptp(together[:3, 0]) > 0.01  # the texts are told apart


def test_a_text_may_have_many_labels_or_none(copy: Path, model: Model) -> None:
    edit_config(copy, {"problem_type": "multi_label_classification", "temperature": 2.0})
    many = load("moderation", str(copy), "cpu", 512)
    assert many.info.has_many_labels
    assert not model.info.has_many_labels
    rows, one_of = rows_of(many, TEXTS), rows_of(model, TEXTS)
    logits = 2 * np.log(rows / (1 - rows))  # up to a constant a text, the other head's
    relative = np.log(one_of) - np.log(one_of[:, :1])
    np.testing.assert_allclose(logits - logits[:, :1], relative, atol=1e-2)
    assert np.ptp(rows.sum(axis=1)) > 0.1


def test_random_mates_change_nothing(model: Model) -> None:
    random = np.random.default_rng(3)
    alone = rows_of(model, ["good but bad"])[0]
    for _ in range(10):
        mates: list[Item] = ["很 good " * int(n) for n in random.integers(1, 30, size=5)]
        place = int(random.integers(0, 6))
        mixed = [*mates[:place], "good but bad", *mates[place:]]
        np.testing.assert_allclose(rows_of(model, mixed)[place], alone, atol=TOLERANCE, rtol=0)


def test_a_text_of_a_million_characters_costs_little(model: Model) -> None:
    began = time.process_time()
    encoded = model.prepare(["很好 " * 333_333])
    assert time.process_time() - began < 0.5
    assert encoded[0].length == MAX_TOKENS


def test_texts_are_cut_where_the_settings_say(folder: Path) -> None:
    short = load("sentiment", str(folder), "cpu", 10)
    assert short.prepare(["good " * 100])[0].length == 10


def test_temperature_divides_the_logits(copy: Path, model: Model) -> None:
    edit_config(copy, {"temperature": 4.0})
    warm = load("sentiment", str(copy), "cpu", 512)
    plain = np.log(rows_of(model, ["good", "很差"]))
    logits = (plain - plain.mean(axis=1, keepdims=True)) / 4
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(rows_of(warm, ["good", "很差"]), expected, atol=TOLERANCE)


def test_each_language_has_a_temperature_of_its_own(copy: Path, model: Model) -> None:
    edit_config(copy, {"temperature": {"default": 2.0, "zh": 4.0}})
    mixed = load("sentiment", str(copy), "cpu", 512)
    texts: list[Item] = ["good", "很差", "bad", "很好很好"]
    plain = np.log(rows_of(model, texts)) / np.array([[2.0], [4.0], [2.0], [4.0]])
    expected = np.exp(plain) / np.exp(plain).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(rows_of(mixed, texts), expected, atol=TOLERANCE)


def test_who_loads_it_with_transformers_alone_has_the_logits_as_they_are(copy: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    def logits() -> torch.Tensor:
        network = AutoModelForSequenceClassification.from_pretrained(copy, dtype=torch.float32)
        with torch.inference_mode():
            found: torch.Tensor = network.eval()(input_ids=torch.tensor([[2, 5, 3]])).logits
        return found

    before = logits()
    edit_config(copy, {"temperature": {"default": 2.0, "zh": 4.0}, "inference_dtype": "int8"})
    torch.testing.assert_close(logits(), before)


def test_a_folder_says_what_it_is_computed_with_where_nobody_else_does(copy: Path) -> None:
    edit_config(copy, {"inference_dtype": "int8"})
    assert load("sentiment", str(copy), "cpu", 512, "auto").info.dtype == "int8"
    assert load("sentiment", str(copy), "cpu", 512, "fp32").info.dtype == "float32"


def test_the_hash_is_of_what_determines_the_scores(copy: Path) -> None:
    before = content_hash(copy)
    (copy / "README.md").write_text("a card")
    (copy / "metrics.json").write_text("{}")
    assert content_hash(copy) == before
    edit_config(copy, {"temperature": 2.0})
    assert content_hash(copy) != before


@pytest.mark.parametrize("bad", BAD_FOLDERS)
def test_what_does_not_load_is_said_in_a_sentence(copy: Path, bad: str) -> None:
    spoil, sentence = BAD_FOLDERS[bad]
    spoil(copy)
    with pytest.raises(ModelError, match=sentence) as caught:
        load("sentiment", str(copy), "cpu", 512)
    assert "\n" not in str(caught.value)


def test_a_slot_takes_the_rows_that_it_can_read(folder: Path) -> None:
    with pytest.raises(ModelError, match="gives probabilities of labels, and recommend needs vec"):
        load("recommend", str(folder), "cpu", 512)


def test_a_text_without_a_known_token_is_no_text(model: Model) -> None:
    known: list[Item] = ["good", "很好", "🙂 good", ["a shirt", "🙂"]]
    unknown: list[Item] = ["", "   \n\t ", "\0\0\0", "🙂👍🏽", "ほげ", []]
    assert all(one.is_readable for one in model.prepare(known))
    assert not any(one.is_readable for one in model.prepare(unknown))


def test_a_folder_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("inference.models.loading.BUNDLED_FOLDER", tmp_path)
    for name in ("/no/such/folder", "./nowhere", BUNDLED):
        with pytest.raises(ModelError, match=r"no model folder|no config"):
            load("sentiment", name, "cpu", 512)


def test_a_hub_name_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"hub cannot be reached from here: name a folder$"):
        load("sentiment", "nobody/has-this-model", "cpu", 512)
    with pytest.raises(ModelError, match="cannot be fetched"):
        load("sentiment", "not a name", "cpu", 512)


@pytest.mark.parametrize("name", ["bundeld", "Bundled", "bundle", "bundled/sentiment"])
def test_a_name_that_was_meant_to_be_bundled(name: str) -> None:
    with pytest.raises(ModelError, match="for sentiment: did you mean 'bundled'"):
        check_name("sentiment", name)


def test_names_of_folders_and_of_the_hub_are_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bundles").mkdir()
    for name in (BUNDLED, "bundles", "/not/yet/there", "gpt2", "bundler/bert", "registry:m@live"):
        check_name("sentiment", name)


def test_the_device_and_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(ModelError, match="cuda"):
        choose_device("cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert choose_device("auto") == choose_device("cuda") == "cuda"
    assert choose_device("auto", worker=1) == "cuda:1"
    assert choose_device("cpu", worker=1) == "cpu"
    with pytest.raises(ModelError, match="worker 3 has no GPU: torch finds 2"):
        choose_device("auto", worker=2)


def test_a_core_is_left_for_the_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr("inference.device.usable_cores", lambda cores=cores: cores)
        assert choose_threads(0) == threads
    assert choose_threads(3) == 3
    assert choose_threads(0, workers=2) == 3  # each, of the 7
