"""The loop of the bundled models' scripts, with either loss, on a model of one layer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inference.training.loop import (
    ORDINARY,
    Examples,
    Loss,
    Recipe,
    best_temperature,
    logits_of,
    of_classes,
    train,
)
from inference.training.many_labels import of_known

RECIPE = Recipe(epochs=20, learning_rate=0.2, embedding_rate=0.2, batch_tokens=64)
UNKNOWN = float("nan")


class Counting(nn.Module):
    """Adds up a vector for each piece."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(num_labels=2)
        self.pieces = nn.Embedding(ORDINARY + 4, 2)
        self.offset = nn.Parameter(torch.zeros(2))

    def get_input_embeddings(self) -> nn.Embedding:
        return self.pieces

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        found = (self.pieces(input_ids) * attention_mask.unsqueeze(-1)).sum(dim=1)
        return SimpleNamespace(logits=found + self.offset)


def two_kinds(targets: list[list[float]]) -> Examples:
    """Texts of one piece and of another, in turn."""
    ids = [[ORDINARY, ORDINARY], [ORDINARY + 1]] * 40
    return Examples(ids, np.array(targets * 40, dtype=np.float32))


@pytest.mark.parametrize("loss", [of_classes, of_known])
def test_what_is_right_is_learnt(loss: Loss) -> None:
    examples = two_kinds([[1, 0], [0, 1]])
    model, steps = Counting(), list[int]()
    train(model, examples, RECIPE, steps.append, loss)
    assert logits_of(model, examples.ids).argmax(axis=1).tolist() == [0, 1] * 40
    assert steps == sorted(steps)


def test_what_is_unknown_teaches_nothing() -> None:
    logits = torch.zeros(2, 2, requires_grad=True)
    of_known(logits, torch.tensor([[1.0, UNKNOWN], [UNKNOWN, 0.0]])).backward()
    assert logits.grad is not None
    assert (logits.grad != 0).tolist() == [[True, False], [False, True]]


def test_too_sure_scores_are_cooled() -> None:
    logits = np.array([[6.0], [6.0], [6.0], [-6.0]], dtype=np.float32)
    targets = np.array([[1.0], [1.0], [0.0], [0.0]], dtype=np.float32)
    assert best_temperature(logits, targets, of_known) > 2
