"""What a network and its tokenizer can take."""

from __future__ import annotations

from typing import Any

import torch


def positions(model: Any) -> int:
    """Return how many tokens the model has positions for."""
    for path, module in model.named_modules():
        if path.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            # RoBERTa and its kin count positions from behind that of the padding.
            taken = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - taken
    limit = getattr(model.config, "max_position_embeddings", None)
    return limit if isinstance(limit, int) and limit > 0 else 2**31


def padding(model: Any, tokenizer: Any) -> int:
    """Return the padding token; a model that knows none, such as GPT-2, is told."""
    pad = tokenizer.pad_token_id
    if pad is None:
        pad = tokenizer.eos_token_id or 0
    if model.config.pad_token_id is None:
        model.config.pad_token_id = pad
    return int(pad)


def tells_apart(model: Any, tokenizer: Any) -> bool:
    """Return whether the model has a vector for which of two texts a token is of."""
    kinds = getattr(model.config, "type_vocab_size", None) or 1
    return kinds > 1 and "token_type_ids" in tokenizer.model_input_names
