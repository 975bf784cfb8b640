"""The figures that choose the epoch: loss and macro-F1 on texts that are not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from inference.evaluation.attributes import attribute_macro_f1
from inference.evaluation.figures import confusion, macro_f1
from inference.models.encoding import EncodedText
from inference.training.loop import Floats, Loss, of_classes
from inference.training.tuning.history import Validation
from inference.training.tuning.scoring import logits_of


@dataclass(frozen=True, kw_only=True)
class Held:
    """Texts held out, with what is true of them."""

    encoded: Sequence[EncodedText]
    targets: Floats  # [texts, labels]: 1 where it is the text's label
    pad: int
    many: bool

    def figures(self, model: Any) -> Validation:
        """Return loss and macro-F1 of the model."""
        logits = logits_of(model, self.encoded, self.pad)
        given, truth = torch.from_numpy(logits), torch.from_numpy(self.targets)
        loss = log_loss(many=self.many)(given, truth)
        return Validation(float(loss), self.score(logits))

    def score(self, logits: Floats) -> float:
        """Return macro-F1."""
        if self.many:
            return attribute_macro_f1(logits > 0, self.targets > 0)
        classes = self.targets.shape[1]
        return macro_f1(confusion(self.targets.argmax(1), logits.argmax(1), classes))


def log_loss(*, many: bool) -> Loss:
    """Return the mean log loss of attributes, or of classes that exclude each other."""
    return binary_cross_entropy_with_logits if many else of_classes


def probabilities(logits: Floats, temperatures: Floats, *, many: bool) -> Floats:
    """Return what the worker makes of logits [texts, labels], given temperatures [texts, 1]."""
    divided = torch.from_numpy(logits / temperatures)
    rows: Floats = (torch.sigmoid(divided) if many else torch.softmax(divided, dim=1)).numpy()
    return rows


def targets_of(labels: Sequence[Sequence[str]], names: Sequence[str]) -> Floats:
    """Return [texts, names]: 1 where a text has the label."""
    rows: NDArray[np.float32] = np.zeros((len(labels), len(names)), dtype=np.float32)
    for row, one in enumerate(labels):
        for name in one:
            rows[row, names.index(name)] = 1.0
    return rows
