"""A random BERT of a few kilobytes with a tokenizer of characters and a few words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

LABELS = ("negative", "neutral", "positive")
MAX_TOKENS = 48
_WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "good",
    "bad",
    "很",
    "好",
    "差",
    "不",
    "的",
    "了",
    "，",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def make_tiny_bert(folder: Path, **config: object) -> Path:
    """Write the model's folder, with `config` on top of its config.json, and return it."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    shape = BertConfig(
        vocab_size=len(_vocabulary()),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=MAX_TOKENS,
        initializer_range=0.5,  # or all texts would have nearly the same scores
        pad_token_id=0,
        id2label=dict(enumerate(LABELS)),
        label2id={label: at for at, label in enumerate(LABELS)},
    )
    model = BertForSequenceClassification(shape)
    model.half().save_pretrained(folder)
    write_tokenizer(folder)
    edit_config(folder, config)
    return folder


def make_tame_bert(folder: Path) -> Path:
    """Write the same with weights that are small enough to be trained on from there."""
    import numpy as np
    from safetensors.numpy import load_file, save_file

    weights = make_tiny_bert(folder) / "model.safetensors"
    tamed = {
        name: one if "LayerNorm" in name else one * np.float16(0.2)
        for name, one in load_file(weights).items()
    }
    save_file(tamed, weights, metadata={"format": "pt"})
    return folder


def write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = _vocabulary()
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    ).save_pretrained(folder)


def edit_config(folder: Path, changes: Mapping[str, object]) -> None:
    path = folder / "config.json"
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), **changes}))


def _vocabulary() -> dict[str, int]:
    pieces = [*_WORDS, *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    return {piece: at for at, piece in enumerate(pieces)}
