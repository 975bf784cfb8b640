"""Any Hugging Face sequence classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inference.errors import ModelError
from inference.launch import Finish
from inference.messages import Floats, Item, ModelInfo
from inference.models.batches import Pass, on_device
from inference.models.characters import whole_characters
from inference.models.heads import has_many_labels, probabilities
from inference.models.limits import padding, positions
from inference.models.planning import plan
from inference.models.samples import SAMPLES
from inference.models.temperature import Temperatures
from inference.settings import CHARACTERS_A_TOKEN


@dataclass(frozen=True)
class EncodedText:
    """Token ids of one text, at least one."""

    ids: list[int]
    is_readable: bool = True  # whether the model knows any of them, marks aside
    temperature: float = 1.0  # divides its logits

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self.ids)


class Classifier:
    """A sequence classifier: rows are probabilities of its labels."""

    def __init__(
        self, info: ModelInfo, way: Pass, encoder: TextEncoder, *, temperatures: Temperatures
    ) -> None:
        self.info = info
        self._way = way
        self._encoder = encoder
        self._temperatures = temperatures

    def prepare(self, items: Sequence[Item]) -> list[EncodedText]:
        """Return each text's ids, cut to what the model takes."""
        return [
            EncodedText(ids, self._encoder.knows(ids), self._temperatures.of(as_text(item)))
            for item, ids in zip(items, self._encoder(items), strict=True)
        ]

    def forward(self, batch: Sequence[EncodedText]) -> Floats:
        """Return probabilities [texts, labels]."""
        rows: Floats = self._scores(batch).cpu().numpy()
        return rows

    def _scores(self, batch: Sequence[EncodedText]) -> Tensor:
        logits = self._way([text.ids for text in batch])
        return probabilities(self._way.network, logits / self._divisors(batch, logits.device))

    def _divisors(self, batch: Sequence[EncodedText], device: torch.device) -> Tensor | float:
        if not self._temperatures.by_language:
            return self._temperatures.default
        column = np.array([[text.temperature] for text in batch], dtype=np.float32)
        return on_device(column, device)


class LaunchedClassifier(Classifier):
    """The same on a device that works by itself: a GPU."""

    def launch(self, batch: Sequence[EncodedText]) -> Finish:
        """Start on a batch; what is returned waits for its probabilities."""
        scores = self._scores(batch)
        # Into pinned memory, so that neither this thread nor the device waits for the other.
        rows = torch.empty(scores.shape, dtype=scores.dtype, pin_memory=True)
        rows.copy_(scores, non_blocking=True)
        arrived = torch.cuda.Event()
        arrived.record()

        def finish() -> Floats:
            arrived.synchronize()
            fetched: Floats = rows.numpy()
            return fetched

        return finish


class TextEncoder:
    """A tokenizer, and the most tokens that its model takes."""

    def __init__(self, tokenizer: Any, *, pad: int, max_tokens: int) -> None:
        self.pad = pad
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        # Those that every text gets, and the one for what is unknown.
        self._marks = frozenset([*tokenizer("")["input_ids"], *tokenizer.all_special_ids, pad])

    def knows(self, ids: Sequence[int]) -> bool:
        """Return whether there is anything in a text that the model knows, marks aside."""
        return not self._marks.issuperset(ids)

    def __call__(self, items: Sequence[Item]) -> list[list[int]]:
        """Return each text's ids, at least one."""
        if not items:
            return []
        limit = self._max_tokens * CHARACTERS_A_TOKEN
        ids = self._tokenizer(
            [whole_characters(as_text(item)[:limit]) for item in items],
            truncation=True,
            max_length=self._max_tokens,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]
        # A tokenizer without marks of its own has nothing for an empty text; the model needs one.
        return [one or [self.pad] for one in ids]


def load_classifier(
    slot: str,
    folder: Path,
    name: str,
    digest: str,
    device: str,
    *,
    temperatures: Temperatures,
    max_tokens: int,
    dtype: str,
) -> Classifier:
    """Return the classifier in a folder; raises `ModelError`, or what transformers raises.

    `dtype` is auto, fp32, bf16 or int8.
    """
    model, tokenizer = _read(folder, name)
    labels = _labels(model.config.id2label, name)
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        raise ModelError(f"the tokenizer of {name!r} has more tokens than the model knows")
    limit = min(max_tokens, tokenizer.model_max_length, positions(model))
    encoder = TextEncoder(tokenizer, pad=padding(model, tokenizer), max_tokens=limit)
    planned = plan(
        model.eval(), wanted=dtype, device=device, samples=encoder(SAMPLES), pad=encoder.pad
    )
    info = ModelInfo(
        slot=slot,
        name=name,
        hash=digest,
        labels=labels,
        width=len(labels),
        device=device,
        dtype=planned.precision.value,
        has_many_labels=has_many_labels(planned.way.network),
        plan=planned.plan,
    )
    kind = Classifier if device == "cpu" else LaunchedClassifier
    return kind(info, planned.way, encoder, temperatures=temperatures)


def _read(folder: Path, name: str) -> tuple[Any, Any]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    local = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(folder, **local)
    model, told = AutoModelForSequenceClassification.from_pretrained(
        folder,
        use_safetensors=True,
        dtype=torch.float32,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # to say it in our words, below
        **local,
    )
    # transformers would fill in random numbers, and the scores would look like scores.
    lacking = sorted({*told["missing_keys"], *(str(key[0]) for key in told["mismatched_keys"])})
    if lacking:
        raise ModelError(
            f"the weights of {name!r} lack or misfit {lacking[0]!r}: it is no trained classifier "
            "of the labels that its config.json names"
        )
    return model, tokenizer


def _labels(names: dict[int, str], name: str) -> tuple[str, ...]:
    if sorted(names) != list(range(len(names))):
        raise ModelError(f"id2label in config.json of {name!r} does not count from 0 upwards")
    return tuple(str(names[index]) for index in range(len(names)))


def as_text(item: Item) -> str:
    """Return an item as the text that is read; a history as its texts in their order."""
    return item if isinstance(item, str) else " ".join(item)
