"""An encoder from plain texts: it learns, goes on after a kill, and is a base for a classifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inference.errors import TrainingError
from inference.files.errors import DataError
from inference.training.tuning.finetune import TuningRequest, fine_tune
from inference.training.tuning.pretrain import EncoderShape, PretrainRequest, pretrain, read_texts
from inference.training.tuning.settings import TuningSettings
from tests.integration.test_tuning import dataset
from tests.toys.tiny_bert import make_tiny_bert
from tests.toys.tuning import Killed, Quiet

SETTINGS = TuningSettings(
    epochs=2, learning_rate=1e-2, batch_tokens=256, device="cpu", dtype="fp32", checkpoint_s=0.0
)
SHAPE = EncoderShape(layers=1, width=16, heads=2, inner=32, piece_width=16)


def request(out: Path, base: str | None = None) -> PretrainRequest:
    texts = [f"the parcel of order {n} came late 包裹来得很晚" for n in range(60)]
    return PretrainRequest(texts=texts, out=out, base=base, shape=SHAPE, settings=SETTINGS)


def test_it_learns_and_is_a_base(tmp_path: Path) -> None:
    listener = Quiet()
    history = pretrain(request(tmp_path / "encoder"), listener)
    assert history.epochs[-1].validation_loss < history.epochs[0].training_loss
    assert "texts" in (tmp_path / "encoder" / "README.md").read_text(encoding="utf-8")
    tuning = TuningRequest(
        slot="sentiment",
        data=dataset(),
        out=tmp_path / "classifier",
        base=str(tmp_path / "encoder"),
        settings=replace(SETTINGS, epochs=1),
    )
    assert fine_tune(tuning, Quiet()).figures is not None


def test_killed_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    pretrain(request(tmp_path / "whole"), Quiet())
    with pytest.raises(Killed):
        pretrain(request(tmp_path / "killed"), Quiet(5))
    listener = Quiet()
    pretrain(request(tmp_path / "killed"), listener)
    assert listener.done == 4
    names = [tmp_path / name / "model.safetensors" for name in ("whole", "killed")]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_a_base_without_a_mask_token(tmp_path: Path) -> None:
    base = str(make_tiny_bert(tmp_path / "tiny"))
    with pytest.raises(TrainingError, match="no mask token"):
        pretrain(request(tmp_path / "out", base), Quiet())


def test_texts_are_read_once_each(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(f"<p>line {n % 30}" for n in range(60)), encoding="utf-8")
    assert read_texts([path]) == [f"line {n}" for n in range(30)]
    with pytest.raises(DataError, match="hold 0 texts under 'body'"):
        read_texts([path], "body")
