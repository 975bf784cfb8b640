"""Smaller models: the same scores with fewer pieces; fewer layers that load."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import ElectraConfig, ElectraForSequenceClassification

from inference.compression.comparing import Standing
from inference.compression.folder import read_parts, write_parts
from inference.compression.int8 import require_quality, store_for_int8
from inference.compression.layers import evenly, prune_layers
from inference.compression.vocabulary import prune_vocabulary
from inference.errors import ModelError
from inference.messages import Floats
from inference.models.base import forward
from inference.models.loading import load
from inference.training.tokenizer import SPECIAL, wrapped
from streams.cli.failures import run_command
from tests.toys.tiny_bert import LABELS, edit_config, make_tiny_bert

pytestmark = pytest.mark.usefixtures("one_thread")
TEXTS = ("good 很好", "不好", "a good 9")


def make_unigram(folder: Path) -> Path:
    """Write a small ELECTRA whose tokenizer is a unigram model."""
    pieces = [*SPECIAL.values(), *"很好不差 a9", " good", " bad", "不好", "很好", " superb"]
    tokenizer = wrapped(
        Tokenizer(
            models.Unigram(
                [(piece, -len(pieces) / (at + 1)) for at, piece in enumerate(pieces)],
                unk_id=1,
                byte_fallback=False,
            )
        )
    )
    torch.manual_seed(3)
    config = ElectraConfig(
        vocab_size=len(pieces),
        embedding_size=16,
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        initializer_range=0.5,
        id2label=dict(enumerate(LABELS)),
        pad_token_id=0,
    )
    ElectraForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


MAKERS = {"WordPiece": make_tiny_bert, "Unigram": make_unigram}


def rows(folder: Path) -> Floats:
    model = load("sentiment", str(folder), "cpu", 512)
    return forward(model, model.prepare(TEXTS))


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_fewer_pieces_and_the_same_scores(tmp_path: Path, kind: str) -> None:
    folder, out = MAKERS[kind](tmp_path / "whole"), tmp_path / "pruned"
    _, parts = read_parts("sentiment", str(folder))
    before = parts.config["vocab_size"]
    gone = prune_vocabulary(parts, TEXTS)
    write_parts(folder, parts, out)
    assert gone > 0
    assert parts.config["vocab_size"] == before - gone
    np.testing.assert_allclose(rows(out), rows(folder), atol=1e-5)
    tokenizer = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))
    names = [one if isinstance(one, str) else one[0] for one in tokenizer["model"]["vocab"]]
    assert "superb" not in str(names)
    assert len(names) == before - gone
    assert not {"bad", " bad", "▁bad"}.intersection(names)


def test_a_tokenizer_of_another_kind(tmp_path: Path) -> None:
    folder = make_tiny_bert(tmp_path / "whole")
    _, parts = read_parts("sentiment", str(folder))
    parts.tokenizer["model"]["type"] = "BPE"
    with pytest.raises(ModelError, match="of type BPE cannot be pruned"):
        prune_vocabulary(parts, TEXTS)


def test_fewer_layers_are_the_first_and_the_last(tmp_path: Path) -> None:
    folder, out = make_unigram(tmp_path / "whole"), tmp_path / "shallow"
    _, parts = read_parts("sentiment", str(folder))
    last = parts.tensors["electra.encoder.layer.2.output.dense.weight"]
    assert prune_layers(parts, 2) == [0, 2]
    write_parts(folder, parts, out)
    np.testing.assert_array_equal(
        parts.tensors["electra.encoder.layer.1.output.dense.weight"], last
    )
    assert rows(out).shape == (3, 3)
    with pytest.raises(ModelError, match="has 2 layers: keep at least 1 and fewer"):
        prune_layers(parts, 2)
    with pytest.raises(ModelError, match="is there already"):
        write_parts(folder, parts, out)


@pytest.mark.parametrize(
    ("count", "keep", "places"), [(12, 4, [0, 4, 7, 11]), (6, 1, [0]), (3, 2, [0, 2])]
)
def test_layers_stay_evenly(count: int, keep: int, places: list[int]) -> None:
    assert evenly(count, keep) == places


def test_weights_without_layers(tmp_path: Path) -> None:
    folder = make_tiny_bert(tmp_path / "whole")
    edit_config(folder, {"num_hidden_layers": 7})
    _, parts = read_parts("sentiment", str(folder))
    with pytest.raises(ModelError, match="are not found"):
        prune_layers(parts, 1)


def test_eight_bits_are_what_the_folder_says_and_sixteen_are_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from streams.cli.app import app

    folder, out = make_unigram(tmp_path / "whole"), tmp_path / "new" / "eight"
    data = tmp_path / "a.csv"
    data.write_text("text,label\ngood,1\nbad bad,0\n很好,1\n", encoding="utf-8")
    arguments = ["compress", "int8", str(folder), "--data", str(data), "--out", str(out)]
    assert run_command(app, arguments) == 0
    before, after = capsys.readouterr().out.splitlines()
    assert before.startswith("before")
    assert after.startswith("after")
    whole, half = (each / "model.safetensors" for each in (folder, out))
    assert half.stat().st_size < 0.7 * whole.stat().st_size
    assert load("sentiment", str(out), "cpu", 512, "auto").info.dtype == "int8"
    assert [path.name for path in out.parent.iterdir()] == ["eight"]
    assert run_command(app, arguments) == 1
    assert "is there already" in capsys.readouterr().err


def test_eight_bits_are_refused_where_they_make_it_worse(tmp_path: Path) -> None:
    before = Standing(bytes=1, texts_per_s=1.0, macro_f1=0.9, interval=(0.8, 1.0))
    require_quality(before, replace(before, macro_f1=0.896), 0.5)
    require_quality(before, replace(before, macro_f1=0.95), 0.0)
    with pytest.raises(ModelError, match=r"falls by 0\.60 points in 8 bits, more than 0\.5"):
        require_quality(before, replace(before, macro_f1=0.894), 0.5)


def test_what_is_too_large_for_sixteen_bits_keeps_its_own(tmp_path: Path) -> None:
    _, parts = read_parts("sentiment", str(make_unigram(tmp_path / "whole")))
    name = "electra.encoder.layer.0.output.dense.weight"
    parts.tensors[name] = parts.tensors[name] * 1e6
    store_for_int8(parts)
    types = {one: tensor.dtype for one, tensor in parts.tensors.items()}
    assert types.pop(name) == np.float32
    assert set(types.values()) == {np.dtype(np.float16)}


@pytest.mark.parametrize("way", ["vocabulary", "layers --keep 1", "int8"])
def test_what_cannot_be_measured_is_not_written(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from streams.cli.app import app

    folder, data = make_unigram(tmp_path / "whole"), tmp_path / "a.csv"
    data.write_text("text,label\ngood,angry\nbad,glad\n", encoding="utf-8")
    out = tmp_path / "new" / "smaller"
    command = f"compress {way} {folder} --data {data} --out {out}".split()
    assert run_command(app, command) == 1
    assert not list(tmp_path.glob("new/*"))
    assert "row 1 is 'angry'" in capsys.readouterr().err
    out.mkdir(parents=True)
    data.unlink()  # nobody needs it to say so
    assert run_command(app, command) == 1
    assert "is there already" in capsys.readouterr().err


def test_the_command_says_what_it_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from streams.cli.app import app

    folder, data = make_tiny_bert(tmp_path / "whole"), tmp_path / "a.csv"
    data.write_text("text,label\ngood,1\nbad bad,0\n", encoding="utf-8")
    arguments = ["compress", "vocabulary", str(folder), "--data", str(data)]
    assert run_command(app, [*arguments, "--out", str(tmp_path / "pruned")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["before", "after"]
    assert all("texts/s" in line and "macro-F1" in line for line in lines)
