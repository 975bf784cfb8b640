"""The small encoder that the bundled classifiers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import ElectraConfig, ElectraForSequenceClassification, PreTrainedTokenizerFast

from inference.training.tokenizer import MAX_TOKENS

Floats = NDArray[np.float32]

PIECE_WIDTH = 128
POSITION_SCALE = 0.02
"""Standard deviation of the positions at the start: small, so that late ones do no harm."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of an encoder; ELECTRA's, since its vectors are narrower than its layers."""

    layers: int = 2
    width: int = 256
    heads: int = 4
    inner: int = 768
    dropout: float = 0.1


def new_classifier(
    tokenizer: PreTrainedTokenizerFast, pieces: Floats, labels: Sequence[str], shape: Shape
) -> ElectraForSequenceClassification:
    """Return an untrained classifier whose word embeddings are `pieces` [vocabulary, 128]."""
    config = ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=PIECE_WIDTH,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=MAX_TOKENS,
        type_vocab_size=1,
        hidden_dropout_prob=shape.dropout,
        attention_probs_dropout_prob=0.0,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
    )
    model = ElectraForSequenceClassification(config)
    embeddings = model.electra.embeddings
    with torch.no_grad():
        embeddings.word_embeddings.weight.copy_(torch.from_numpy(pieces))
        embeddings.position_embeddings.weight.normal_(std=POSITION_SCALE)
        embeddings.token_type_embeddings.weight.zero_()
    return model


def scaled(pieces: Floats, width: int = PIECE_WIDTH) -> Floats:
    """Return the first `width` components, of length 1 on average a component's deviation."""
    kept = pieces[:, :width]
    result: Floats = (kept / kept.std()).astype(np.float32)
    return result


def size_of(model: torch.nn.Module) -> int:
    """Return the number of parameters."""
    return sum(one.numel() for one in model.parameters())
