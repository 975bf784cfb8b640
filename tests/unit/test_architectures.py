"""Classifiers of several architectures load from their folders and score alike in any batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.errors import ModelError
from inference.messages import Item
from inference.models.base import Model, forward
from inference.models.loading import load
from tests.toys.tiny_bert import LABELS, edit_config, write_tokenizer

# DeBERTa's code of transformers compiles parts of itself in a way that torch has given up.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning"),
    pytest.mark.usefixtures("one_thread"),
]
TOLERANCE = 1e-5  # of float32: sums are taken in another order in another batch
POSITIONS = 48
TEXTS: list[Item] = ["good", "bad " * 30, "", "很好 not good", "x" * 100_000]
SHAPE = {
    "vocab_size": 96,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": POSITIONS,
    "initializer_range": 0.5,
    "pad_token_id": 0,
}
DISTILLED = {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 2}
ARCHITECTURES: dict[str, dict[str, int]] = {
    "bert": {},
    "roberta": {},
    "xlm-roberta": {},
    "electra": {"embedding_size": 16},
    "distilbert": DISTILLED,
    "albert": {"embedding_size": 16},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": POSITIONS},
    "deberta-v2": {},
    "modernbert": {},
}


def make(folder: Path, architecture: str) -> Path:
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.manual_seed(7)
    config = AutoConfig.for_model(
        architecture,
        **{**SHAPE, **ARCHITECTURES[architecture]},
        id2label=dict(enumerate(LABELS)),
        label2id={label: at for at, label in enumerate(LABELS)},
    )
    model = AutoModelForSequenceClassification.from_config(config)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


@pytest.fixture(params=sorted(ARCHITECTURES))
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    return load("sentiment", str(make(tmp_path / "tiny", request.param)), "cpu", 512)


def test_an_architecture_scores_alike_in_any_batch(model: Model) -> None:
    assert model.info.labels == LABELS
    together = forward(model, model.prepare(TEXTS))
    alone = np.concatenate([forward(model, model.prepare([text])) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=TOLERANCE, rtol=0)
    assert np.ptp(together, axis=0).max() > TOLERANCE  # the texts are told apart


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "tiny", "roberta")
    edit_config(folder, {"model_type": "bert", "architectures": ["BertForSequenceClassification"]})
    with pytest.raises(ModelError, match="lack or misfit"):
        load("sentiment", str(folder), "cpu", 512)
