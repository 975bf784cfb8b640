"""What is particular to classifiers whose texts have any number of labels, not all known."""

from __future__ import annotations

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from inference.training.loop import Floats


def of_known(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean log loss of the targets that are known; both are [texts, labels].

    A target without a number is unknown, and nothing is learnt from it.
    """
    is_known = ~torch.isnan(targets)
    return binary_cross_entropy_with_logits(logits[is_known], targets[is_known])


def probabilities(logits: Floats, temperature: float) -> Floats:
    """Return [texts, labels] as the loader computes them."""
    rows: Floats = torch.sigmoid(torch.from_numpy(logits) / temperature).numpy()
    return rows
