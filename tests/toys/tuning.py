"""A base of few and small weights, and a listener that ends a training at a step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from inference.training.tuning.history import Epoch
from tests.toys.tiny_bert import make_tiny_bert


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


class Quiet:
    """Listens, and ends the training at a step."""

    def __init__(self, end_at: int | None = None) -> None:
        self.epochs: list[Epoch] = []
        self.done = -1
        self.steps = 0
        self._end_at = end_at

    def began(self, steps: int, done: int) -> None:
        self.done = done

    def stepped(self, step: int, loss: float) -> None:
        self.steps += 1
        if step == self._end_at:
            raise Killed

    def validated(self, epoch: Epoch, *, is_best: bool) -> None:
        self.epochs.append(epoch)


def killed(*_: object) -> None:
    """Stand for a function in which the process is killed."""
    raise Killed


def make_base(folder: Path) -> Path:
    """Write a tiny BERT whose weights are small enough to be trained further, and return it."""
    make_tiny_bert(folder)
    tamed = {
        name: one if "LayerNorm" in name else one * np.float16(0.2)
        for name, one in load_file(folder / "model.safetensors").items()
    }
    save_file(tamed, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
