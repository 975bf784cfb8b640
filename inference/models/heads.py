"""What the logits of a classifier's head mean."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

MANY_LABELS: Final = "multi_label_classification"


def has_many_labels(network: Any) -> bool:
    """Return whether a text may have several of the labels, or none (`problem_type`)."""
    return bool(network.config.problem_type == MANY_LABELS)


def probabilities(network: Any, logits: Tensor) -> Tensor:
    """Return probabilities [texts, labels]: each for itself where a text may have many labels."""
    return torch.sigmoid(logits) if has_many_labels(network) else torch.softmax(logits, dim=-1)
