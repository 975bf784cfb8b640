"""Tuning a tiny model: what is learned, what is written, and going on after a kill."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from inference.errors import TrainingError
from inference.evaluation.attributes import AttributeReport
from inference.evaluation.report import Report
from inference.models.base import forward
from inference.models.loading import load
from inference.models.sentences import read_encoder
from inference.training.data.dataset import Dataset
from inference.training.data.reading import Example
from inference.training.export import round_to_half, save_network
from inference.training.tuning.calibrating import calibrate
from inference.training.tuning.finetune import TuningRequest, fine_tune
from inference.training.tuning.history import Epoch, History
from inference.training.tuning.objectives import IGNORED, MaskedPieces
from inference.training.tuning.settings import TuningSettings
from inference.training.tuning.teacher import Teacher, load_teacher, opinion, shared_out
from inference.training.tuning.trainer import rate
from tests.toys.tiny_bert import make_tame_bert
from tests.toys.tuning import Killed, Quiet, killed

SETTINGS = TuningSettings(
    epochs=3, learning_rate=5e-3, batch_tokens=64, device="cpu", dtype="fp32", checkpoint_s=0.0
)


def examples(count: int, *, start: int = 0, many: bool = False) -> list[Example]:
    words = ("bad 差 " * 4, "good 好 " * 4)
    labels = ((), ("praise",)) if many else (("negative",), ("positive",))
    return [
        Example(f"{words[n % 2]}{n}", labels[n % 2], f"a.csv, line {n}")
        for n in range(start, start + count)
    ]


def dataset(*, many: bool = False) -> Dataset:
    return Dataset(
        train=examples(60, many=many),
        validation=examples(20, start=100, many=many),
        test=examples(20, start=200, many=many),
        labels=("praise",) if many else ("negative", "positive"),
        many=many,
        losses=[],
        rows=100,
        sources=("a.csv",),
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tame_bert(tmp_path_factory.mktemp("base") / "tiny")


def request(base: Path, out: Path, **changes: object) -> TuningRequest:
    plain = TuningRequest(
        slot="sentiment", data=dataset(), out=out, base=str(base), settings=SETTINGS
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tuned(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned") / "mine"
    fine_tune(request(base, out, command="shopstreams train sentiment a.csv"), Quiet())
    return out


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_what_is_learned_is_what_the_worker_loads(tuned: Path) -> None:
    model = load("sentiment", str(tuned), "cpu", 512)
    assert model.info.labels == ("negative", "positive")
    rows = forward(model, model.prepare(["good 好 " * 4, "bad 差 " * 4]))
    assert rows.argmax(axis=1).tolist() == [1, 0]


def test_a_folder_tells_how_it_was_made(tuned: Path) -> None:
    assert not (tuned / ".training").exists()
    metrics = json.loads((tuned / "metrics.json").read_text(encoding="utf-8"))
    config = json.loads((tuned / "config.json").read_text(encoding="utf-8"))
    assert metrics["calibration"]["temperature"] == config["temperature"]
    assert metrics["test"]["accuracy"] == 1.0
    assert [epoch["number"] for epoch in metrics["validation"]] == [1, 2, 3]
    card = (tuned / "README.md").read_text(encoding="utf-8")
    assert "shopstreams train sentiment a.csv" in card
    assert "accuracy: 100.0 (100.0 to 100.0)" in card
    assert "a new head" in card
    assert (tuned / "curves.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("killed_at", [1, 7, 12, 13, 36])
def test_killed_and_called_again_it_ends_with_the_same_weights(
    base: Path, tuned: Path, tmp_path: Path, killed_at: int
) -> None:
    asked = request(base, tmp_path / "out")
    with pytest.raises(Killed):
        fine_tune(asked, Quiet(killed_at))
    listener = Quiet()
    fine_tune(asked, listener)
    assert listener.done == killed_at - 1
    assert weights(tmp_path / "out") == weights(tuned)


def test_rare_checkpoints_lose_steps_and_nothing_else(
    base: Path, tuned: Path, tmp_path: Path
) -> None:
    asked = request(base, tmp_path / "out", settings=replace(SETTINGS, checkpoint_s=1e9))
    with pytest.raises(Killed):
        fine_tune(asked, Quiet(20))
    listener = Quiet()
    fine_tune(asked, listener)
    assert 0 < listener.done < 20
    assert weights(tmp_path / "out") == weights(tuned)


def test_killed_while_the_folder_is_written(base: Path, tuned: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inference.training.tuning.checkpoint.Checkpoints.clear", killed)
        with pytest.raises(Killed):
            fine_tune(request(base, out), Quiet())
    (out / "config.json").unlink()
    listener = Quiet()
    fine_tune(request(base, out), listener)
    assert listener.steps == 0
    assert weights(out) == weights(tuned)
    assert (out / "config.json").is_file()


def test_another_seed_is_another_model(base: Path, tuned: Path, tmp_path: Path) -> None:
    other = request(base, tmp_path / "out", settings=replace(SETTINGS, seed=5))
    fine_tune(other, Quiet())
    assert weights(tmp_path / "out") != weights(tuned)


def test_other_settings_do_not_go_on_with_a_checkpoint(base: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        fine_tune(request(base, tmp_path / "out"), Quiet(3))
    other = request(base, tmp_path / "out", settings=replace(SETTINGS, epochs=9))
    with pytest.raises(TrainingError, match="unfinished training with other data"):
        fine_tune(other, Quiet())


def test_a_weight_that_half_precision_has_no_number_for_is_written_as_it_is(
    base: Path, tmp_path: Path
) -> None:
    network, tokenizer = read_encoder(base, "tiny", "cpu")
    pieces = network.get_input_embeddings().weight
    with torch.no_grad():
        pieces[7] = 1e5
    round_to_half(network)
    save_network(network, tokenizer, tmp_path / "out")
    again, _ = read_encoder(tmp_path / "out", "out", "cpu")
    assert torch.equal(again.get_input_embeddings().weight, pieces)


def test_a_folder_with_something_in_it_is_left_alone(base: Path, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").touch()
    with pytest.raises(TrainingError, match="is not empty"):
        fine_tune(request(base, tmp_path), Quiet())
    with pytest.raises(TrainingError, match="is no folder"):
        fine_tune(request(base, tmp_path / "precious.txt"), Quiet())


def test_it_ends_early_and_keeps_the_best_epoch(base: Path, tmp_path: Path) -> None:
    patient = replace(SETTINGS, epochs=30, patience=2)
    listener = Quiet()
    result = fine_tune(request(base, tmp_path / "out", settings=patient), listener)
    assert result.history.best is not None
    assert len(listener.epochs) == result.history.best.number + 2 < 30


def test_a_loss_that_is_no_number_ends_it_with_advice(base: Path, tmp_path: Path) -> None:
    wild = replace(SETTINGS, learning_rate=1e30, clip=1e30)
    with pytest.raises(TrainingError, match="lower --learning-rate"):
        fine_tune(request(base, tmp_path / "out", settings=wild), Quiet())


def test_the_bases_own_head_is_kept_where_the_labels_are_its_own(
    tuned: Path, tmp_path: Path
) -> None:
    still = replace(SETTINGS, epochs=1, learning_rate=0.0)
    fine_tune(request(tuned, tmp_path / "out", settings=still), Quiet())
    before, after = (
        load_file(tuned / "model.safetensors"),
        load_file(tmp_path / "out" / "model.safetensors"),
    )
    np.testing.assert_array_equal(before["classifier.weight"], after["classifier.weight"])


def test_attributes_are_learned_by_themselves(base: Path, tmp_path: Path) -> None:
    asked = request(base, tmp_path / "out", slot="moderation", data=dataset(many=True))
    result = fine_tune(asked, Quiet())
    assert isinstance(result.figures, AttributeReport)
    assert result.figures.per_attribute["praise"].f1 == 1.0
    config = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert config["problem_type"] == "multi_label_classification"


def swapped(given: list[Example]) -> list[Example]:
    other: dict[tuple[str, ...], tuple[str, ...]] = {
        ("negative",): ("positive",),
        ("positive",): ("negative",),
    }
    return [replace(one, labels=other[one.labels]) for one in given]


@pytest.mark.parametrize("teacher_share", [0.9, 0.1])
def test_a_student_believes_its_teacher_as_much_as_it_is_told_to(
    base: Path, tuned: Path, tmp_path: Path, teacher_share: float
) -> None:
    """All labels of the file are wrong."""
    told = dataset()
    wrong = replace(told, train=swapped(told.train))
    if teacher_share < 0.5:
        wrong = replace(wrong, validation=swapped(told.validation), test=swapped(told.test))
    teacher = Teacher(name=str(tuned), share=teacher_share)
    result = fine_tune(request(base, tmp_path / "out", data=wrong, teacher=teacher), Quiet())
    assert isinstance(result.figures, Report)
    assert result.figures.accuracy == 1.0


def test_a_teacher_leaves_the_threads_and_is_not_chosen_by_timing(tuned: Path) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        model = load_teacher(Teacher(name=str(tuned)), "sentiment", SETTINGS)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert model.info.dtype == "float32"
    assert model.info.plan is not None
    assert model.info.plan.reason == "as configured"


def test_what_a_teacher_gives_to_other_labels_is_shared_out(base: Path) -> None:
    model = load_teacher(Teacher(name=str(base)), "sentiment", SETTINGS)
    whole = forward(model, model.prepare(["bad 差", "good 好"]))
    rows = opinion(model, ["bad 差", "good 好"], ("positive", "negative"))
    np.testing.assert_allclose(rows, whole[:, [2, 0]], rtol=1e-4)
    np.testing.assert_allclose(shared_out(rows), rows / (1 - whole[:, [1]]), rtol=1e-4)
    with pytest.raises(TrainingError, match="does not know the label 'angry'"):
        opinion(model, ["x"], ("angry", "positive"))


def test_a_training_does_not_go_on_under_another_teacher(
    base: Path, tuned: Path, tmp_path: Path
) -> None:
    name = tmp_path / "teacher"
    shutil.copytree(tuned, name)
    asked = request(base, tmp_path / "out", teacher=Teacher(name=str(name)))
    with pytest.raises(Killed):
        fine_tune(asked, Quiet(3))
    shutil.copy(base / "model.safetensors", name / "model.safetensors")
    shutil.copy(base / "config.json", name / "config.json")
    with pytest.raises(TrainingError, match="unfinished training with other data"):
        fine_tune(asked, Quiet())


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [rate(step, 100, 0.1) for step in range(100)]
    assert max(rates) == rates[9] == 1.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(1 / 90)


def test_history_survives_being_written() -> None:
    epoch = Epoch(number=1, step=3, training_loss=0.1, validation_loss=1 / 3, score=0.5)
    history = History(step=3, losses=[(2, 0.25)], epochs=[epoch], recent=[0.1], of_epoch=[0.2])
    assert History.from_json(history.to_json()) == history


def test_calibration_cools_what_is_too_sure() -> None:
    chance = np.random.default_rng(3)
    truth = chance.integers(2, size=600)
    right = chance.random(600) < 0.8
    shown = np.where(right, truth, 1 - truth)
    logits = (8 * np.eye(2)[shown]).astype(np.float32)
    targets = np.eye(2, dtype=np.float32)[truth]
    texts = ["这个很好用"] * 300 + ["it works well"] * 300
    found = calibrate(logits, targets, texts, ("a", "b"), many=False, precision=0.7)
    # Logits 8 apart are right four times of five: 8 / temperature = log(4).
    assert found.temperature == pytest.approx(4.0, abs=0.3)
    assert set(found.by_language) == {"zh", "en"}
    assert found.coverage == 1.0


def test_each_language_is_cooled_as_it_needs() -> None:
    chance = np.random.default_rng(4)
    truth = chance.integers(2, size=900)
    right = chance.random(900) < np.where(np.arange(900) < 600, 0.95, 0.7)
    logits = (4 * np.eye(2)[np.where(right, truth, 1 - truth)]).astype(np.float32)
    texts = ["这个很好用"] * 600 + ["it works well"] * 300
    targets = np.eye(2, dtype=np.float32)[truth]
    found = calibrate(logits, targets, texts, ("a", "b"), many=False, precision=0.9)
    config = found.temperatures.as_config()
    assert isinstance(config, dict)
    assert config["zh"] < config["default"] < config["en"]
    assert found.coverage == pytest.approx(2 / 3, abs=1e-3)  # the others are less sure
    few = calibrate(logits[:799], targets[:799], texts[:799], ("a", "b"), many=False, precision=0.9)
    assert set(few.by_language) == {"zh"}  # 199 are chance


def test_one_language_needs_one_temperature() -> None:
    logits = np.tile(np.array([[2.0, 0.0]], dtype=np.float32), (300, 1))
    targets = np.eye(2, dtype=np.float32)[np.arange(300) % 5 // 4]
    found = calibrate(logits, targets, ["很好"] * 300, ("a", "b"), many=False, precision=0.9)
    assert found.temperatures.as_config() == found.temperature


def test_hidden_pieces_are_asked_for_and_marks_are_not() -> None:
    torch.manual_seed(1)
    objective = MaskedPieces(ids=[], pad=0, mask=4, special=frozenset({0, 1, 2, 3, 4}), pieces=50)
    ids = torch.randint(5, 50, (200, 20))
    ids[:, 0] = 2
    shown, targets = objective.hide(ids)
    asked = targets != IGNORED
    assert asked.float().mean().item() == pytest.approx(0.15, abs=0.02)
    assert not asked[:, 0].any()
    assert bool((targets[asked] == ids[asked]).all())
    assert bool((shown[~asked] == ids[~asked]).all())
    assert (shown[asked] == 4).float().mean().item() == pytest.approx(0.8, abs=0.06)
