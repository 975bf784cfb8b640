"""Any Hugging Face sequence classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.errors import ModelError
from inference.messages import Floats, Item, ModelInfo

MAX_TOKENS = 512
"""Where a tokenizer names no limit of its own."""
CHARACTERS_A_TOKEN = 12
"""More than a token of any language has on average: a text is cut here before it is tokenised, so
that one of a million characters costs no more than a long one."""


@dataclass(frozen=True)
class EncodedText:
    """Token ids of one text."""

    ids: list[int]

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self.ids)


class Classifier:
    """A sequence classifier: rows are probabilities of its labels."""

    def __init__(
        self, info: ModelInfo, model: Any, tokenizer: Any, *, temperature: float, max_tokens: int
    ) -> None:
        self.info = info
        self._model = model
        self._tokenizer = tokenizer
        self._temperature = temperature
        self._max_tokens = max_tokens
        self._pad = tokenizer.pad_token_id or 0

    def prepare(self, items: Sequence[Item]) -> list[EncodedText]:
        """Return each text's ids, cut to what the model takes."""
        limit = self._max_tokens * CHARACTERS_A_TOKEN
        texts = [_as_text(item)[:limit] for item in items]
        ids = self._tokenizer(
            texts,
            truncation=True,
            max_length=self._max_tokens,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]
        return [EncodedText(one) for one in ids]

    def forward(self, batch: Sequence[EncodedText]) -> Floats:
        """Return probabilities [texts, labels]."""
        width = max(1, max(text.length for text in batch))
        ids = np.full((len(batch), width), self._pad, dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        for row, text in enumerate(batch):
            ids[row, : text.length] = text.ids
            mask[row, : text.length] = 1
        device = self._model.device
        with torch.inference_mode():
            logits = self._model(
                input_ids=torch.from_numpy(ids).to(device),
                attention_mask=torch.from_numpy(mask).to(device),
            ).logits
            scores = torch.softmax(logits.float() / self._temperature, dim=-1)
        rows: Floats = scores.cpu().numpy()
        return rows


def _as_text(item: Item) -> str:
    return item if isinstance(item, str) else " ".join(item)


def load_classifier(slot: str, source: str, name: str, digest: str, device: str) -> Classifier:
    """Return the classifier in a folder or on the hub; raises `ModelError`."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True)
        model = AutoModelForSequenceClassification.from_pretrained(
            source, use_safetensors=True, trust_remote_code=False, dtype=dtype
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the model {name!r} cannot be loaded: {_first_line(error)}") from error
    model.eval().to(device)
    config = model.config
    labels = tuple(str(config.id2label[index]) for index in range(config.num_labels))
    info = ModelInfo(
        slot=slot,
        name=name,
        hash=digest,
        labels=labels,
        width=len(labels),
        device=device,
        dtype=str(dtype).removeprefix("torch."),
    )
    limit = min(tokenizer.model_max_length, getattr(config, "max_position_embeddings", MAX_TOKENS))
    return Classifier(
        info,
        model,
        tokenizer,
        temperature=float(getattr(config, "temperature", 1.0) or 1.0),
        max_tokens=min(limit, MAX_TOKENS),
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def weights_in(folder: Path) -> bool:
    """Whether a folder holds safetensors."""
    return any(folder.glob("*.safetensors"))
