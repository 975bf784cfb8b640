"""What the worker needs of a model; the model knows nothing of requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from inference.messages import Floats, Item, ModelInfo

Encoded = Any
"""One item as its model wants it; has a `length`, the tokens that it takes in a batch.

It may have an `is_readable`, false where the model would only guess.
"""


class Model(Protocol):
    """Loaded weights that turn items into rows."""

    info: ModelInfo

    def prepare(self, items: Sequence[Item]) -> Sequence[Encoded]:
        """Return the items encoded, in their order; called from another thread than `forward`."""
        ...

    def forward(self, batch: Sequence[Encoded]) -> Floats:
        """Return [items, width] for a batch that `prepare` made."""
        ...


def forward(model: Model, batch: Sequence[Encoded]) -> Floats:
    """Return the model's rows; raises `ValueError` unless each item has its own."""
    rows = np.asarray(model.forward(batch), dtype=np.float32)
    if rows.shape != (len(batch), model.info.width):
        raise ValueError(f"{len(batch)} items of width {model.info.width} gave {rows.shape}")
    return rows
