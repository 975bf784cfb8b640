"""A listener that ends a training at a step."""

from __future__ import annotations

from inference.training.tuning.history import Epoch


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
