"""A forward pass in two steps: the device is started, and its numbers are fetched.

A model that computes where it is called, as on the CPU, has `forward` alone, and there is nothing
to overlap. One whose device works by itself, as a GPU does, offers `launch`: while its numbers are
waited for and turned into rows elsewhere, the next batch is launched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from inference.messages import Floats
from inference.models.base import Encoded, Model, forward

LAUNCHED = 2
"""Batches on a device that works by itself: one that it computes, and one that it finds next."""

Finish = Callable[[], Floats]
"""Waits for the device and returns [items, width]; called once, from another thread."""


@runtime_checkable
class Launching(Protocol):
    """A model whose device works by itself."""

    def launch(self, batch: Sequence[Encoded]) -> Finish:
        """Start on a batch that `prepare` made, and return at once."""
        ...


def batches_ahead(model: Model) -> int:
    """Return how many batches a request may find before its own, at most."""
    return LAUNCHED if isinstance(model, Launching) else 1


def launch(model: Model, batch: Sequence[Encoded]) -> Finish:
    """Start a batch; raises `ValueError`, now or in the second step, unless each item has a row."""
    if not isinstance(model, Launching):
        rows = forward(model, batch)
        return lambda: rows
    finish, shape = model.launch(batch), (len(batch), model.info.width)

    def fetch() -> Floats:
        fetched = np.asarray(finish(), dtype=np.float32)
        if fetched.shape != shape:
            raise ValueError(f"the rows of a batch are {fetched.shape} and not {shape}")
        return fetched

    return fetch
