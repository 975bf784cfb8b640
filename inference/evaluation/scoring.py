"""A model loaded as the worker loads it, and its rows for any number of texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.errors import ModelError
from inference.messages import Floats, Item
from inference.models.base import Encoded, Model, forward
from inference.settings import InferenceSettings

BATCH_TOKENS = 4096
"""Padded tokens of a batch, where no number is configured: nobody waits for one here."""


def load_classifier(slot: str, name: str, settings: InferenceSettings | None = None) -> Model:
    """Return the classifier of that name (`bundled`, a folder, a hub name); raises `ModelError`."""
    model = _load(slot, name, settings)
    if not model.info.labels:
        raise ModelError(f"the model {name!r} has no labels: it is no classifier")
    return model


def load_encoder(slot: str, name: str, settings: InferenceSettings | None = None) -> Model:
    """Return the sentence encoder of that name, as `load_classifier`; raises `ModelError`."""
    model = _load(slot, name, settings)
    if model.info.labels:
        raise ModelError(
            f"the model {name!r} gives {', '.join(model.info.labels[:3])}...: it is no sentence "
            "encoder. Make one with: shopstreams train reply"
        )
    return model


def _load(slot: str, name: str, settings: InferenceSettings | None) -> Model:
    from inference.models.loading import load_all

    told = settings or InferenceSettings(models={})
    return load_all(InferenceSettings(**{**vars(told), "models": {slot: name}}))[slot]


def score(model: Model, texts: Sequence[Item], batch_tokens: int = 0) -> Floats:
    """Return the model's rows, in the texts' order: batches by length, of bounded padded tokens."""
    budget = batch_tokens or BATCH_TOKENS
    encoded: Sequence[Encoded] = model.prepare(texts)
    rows = np.zeros((len(texts), model.info.width), dtype=np.float32)
    batch: list[int] = []
    # Longest first, so that a batch's first is its longest and memory's peak comes at once.
    for at in sorted(range(len(texts)), key=lambda at: -encoded[at].length):
        if batch and encoded[batch[0]].length * (len(batch) + 1) > budget:
            rows[batch] = forward(model, [encoded[one] for one in batch])
            batch = []
        batch.append(at)
    if batch:
        rows[batch] = forward(model, [encoded[one] for one in batch])
    return rows
