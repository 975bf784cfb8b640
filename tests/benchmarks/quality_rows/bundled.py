"""The models that are measured: the bundled ones, as the worker loads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from inference.messages import Floats
from inference.models.base import Model
from inference.models.loading import BUNDLED_FOLDER, load
from inference.models.names import BUNDLED
from inference.settings import InferenceSettings

MAX_TOKENS: Final = InferenceSettings(models={}).max_tokens
"""As a worker has it by default; what a model takes may be less."""


def bundled(slot: str, *, max_tokens: int = MAX_TOKENS, dtype: str = "fp32") -> Model | None:
    """Return the bundled model of a slot, None where there is none yet."""
    if not (BUNDLED_FOLDER / slot / "config.json").is_file():
        return None
    return load(slot, BUNDLED, "cpu", max_tokens, dtype)


def of_classes(rows: Floats, names: Sequence[str], classes: Sequence[str]) -> Floats:
    """Return the probabilities of `classes` alone, adding up to 1; names not there get 0."""
    kept = np.zeros((len(rows), len(classes)), dtype=np.float32)
    for column, name in enumerate(names):
        if name in classes:
            kept[:, classes.index(name)] += rows[:, column]
    shares: Floats = kept / kept.sum(axis=1, keepdims=True).clip(1e-9)
    return shares
