"""A batch on its way through a network: padded to a rectangle, or packed into one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.models.packing import Packing

Ids = Sequence[int]
"""Token ids of one text, at least one."""
Seconds = Sequence[int | None]
"""Where each text's second part begins, None where it has none; empty: no text has one."""
IDS, MASK, TYPES = "input_ids", "attention_mask", "token_type_ids"
"""What networks of transformers call what they take."""

LENGTHS = 16
"""Of rows in bfloat16 on a CPU, between a power of 2 and the next: a product's code is made for
each length when it comes for the first time, which takes as long as the product itself."""


class Pass(Protocol):
    """A network with its way of taking a batch."""

    network: Any

    def __call__(self, texts: Sequence[Ids], seconds: Seconds = ()) -> Tensor:
        """Return logits [texts, labels] on the network's device, in the texts' order."""
        ...


class Padded:
    """Every text as long as the longest: any architecture takes it."""

    def __init__(self, network: Any, pad: int) -> None:
        self.network = network
        self._pad = pad

    def __call__(self, texts: Sequence[Ids], seconds: Seconds = ()) -> Tensor:
        """Return logits [texts, labels]."""
        return _logits(self.network, inputs(texts, seconds, self._pad))


class Packed:
    """No padding behind the embeddings, for a network that `pack` was told of."""

    def __init__(self, network: Any, pad: int) -> None:
        self.network = network
        self._pad = pad

    def __call__(self, texts: Sequence[Ids], seconds: Seconds = ()) -> Tensor:
        """Return logits [texts, labels]."""
        # Texts of one length stand together, so that attention takes them at once.
        order = np.argsort([len(text) for text in texts], kind="stable")
        sorted_texts = [texts[at] for at in order.tolist()]
        given = inputs(sorted_texts, [seconds[at] for at in order if seconds], self._pad)
        device = self.network.device
        lengths = tuple(len(text) for text in sorted_texts)
        packing = Packing(
            lengths=lengths,
            places=on_device(np.flatnonzero(given[MASK]), device),
            bounds=on_device(np.cumsum([0, *lengths], dtype=np.int32), device),
            spare=self._spare(sum(lengths)),
        )
        logits = _logits(self.network, given, packing=packing)
        return logits.index_select(0, on_device(np.argsort(order), device))

    def _spare(self, tokens: int) -> int:
        is_cpu = self.network.device.type == "cpu"
        return spare(tokens) if is_cpu and self.network.dtype is torch.bfloat16 else 0


def spare(tokens: int) -> int:
    """Return how many tokens a row of so many lacks to have one of few lengths."""
    grain = max(1, (1 << tokens.bit_length() - 1) // LENGTHS)
    return -tokens % grain


def inputs(texts: Sequence[Ids], seconds: Seconds, pad: int) -> dict[str, NDArray[np.int64]]:
    """Return what a network takes, by its names, each [texts, longest].

    Those are ids, their mask, and where any text has a second part, which tokens are of it.
    """
    ids, mask = padded(texts, pad)
    given = {IDS: ids, MASK: mask}
    if any(second is not None for second in seconds):
        width = ids.shape[1]
        begins = np.array([width if second is None else second for second in seconds])
        given[TYPES] = (np.arange(width) >= begins[:, None]).astype(np.int64)
    return given


def padded(texts: Sequence[Ids], pad: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ids and their mask, both [texts, longest]."""
    width = max(len(text) for text in texts)
    ids = np.full((len(texts), width), pad, dtype=np.int64)
    mask = np.zeros((len(texts), width), dtype=np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return ids, mask


def on_device(array: NDArray[Any], device: torch.device) -> Tensor:
    """Return the array there; on its way to a GPU it keeps nobody waiting."""
    tensor = torch.from_numpy(array)
    if device.type == "cpu":
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True)


def _logits(network: Any, given: Mapping[str, NDArray[np.int64]], **packing: Packing) -> Tensor:
    tensors = {name: on_device(array, network.device) for name, array in given.items()}
    with torch.inference_mode():
        logits: Tensor = network(**tensors, **packing).logits
        return logits.float()
