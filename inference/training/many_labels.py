"""What is particular to classifiers whose texts have any number of labels, not all known."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from inference.training.loop import TEMPERATURES, Floats


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


def best_temperature(logits: Floats, targets: Floats) -> float:
    """Return the temperature of least log loss over what is known."""
    given, expected = torch.from_numpy(logits), torch.from_numpy(targets)
    losses = [float(of_known(given / float(one), expected)) for one in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)
