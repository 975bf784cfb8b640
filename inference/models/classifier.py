"""Any Hugging Face sequence classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inference.errors import ModelError
from inference.launch import Finish
from inference.messages import Floats, Item, ModelInfo
from inference.models.batches import Pass, on_device
from inference.models.encoding import EncodedText, TextEncoder, first_text
from inference.models.heads import has_many_labels, probabilities
from inference.models.limits import padding, positions, tells_apart
from inference.models.planning import plan
from inference.models.samples import SAMPLES
from inference.models.temperature import Temperatures


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
        """Return each item's ids, cut to what the model takes; a list of two texts is a pair."""
        encoded = self._encoder(items)
        if not self._temperatures.by_language:
            return encoded
        return [
            replace(one, temperature=self._temperatures.of(first_text(item)))
            for item, one in zip(items, encoded, strict=True)
        ]

    def forward(self, batch: Sequence[EncodedText]) -> Floats:
        """Return probabilities [texts, labels]."""
        rows: Floats = self._scores(batch).cpu().numpy()
        return rows

    def _scores(self, batch: Sequence[EncodedText]) -> Tensor:
        logits = self._way([text.ids for text in batch], [text.second for text in batch])
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
    encoder = TextEncoder(
        tokenizer,
        pad=padding(model, tokenizer),
        max_tokens=limit,
        tells_apart=tells_apart(model, tokenizer),
    )
    samples = [one.ids for one in encoder(SAMPLES)]
    planned = plan(model.eval(), wanted=dtype, device=device, samples=samples, pad=encoder.pad)
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
