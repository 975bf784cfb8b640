"""The loop: steps, epochs, early stopping; it goes on where it was killed.

All chance comes from (seed, epoch) for the order of the texts and from (seed, step) for what
happens within a step, so that a step is the same whether the ones before it ran in this process or
in one that was killed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import torch

from inference.errors import TrainingError
from inference.training.loop import batches
from inference.training.tuning.checkpoint import Checkpoints
from inference.training.tuning.history import Epoch, History, Validation
from inference.training.tuning.objectives import Objective
from inference.training.tuning.precision import autocast, uses_bfloat16
from inference.training.tuning.settings import TuningSettings

POINTS = 200
"""Of the curve of losses."""
_STEPS_A_SEED = 1_000_003
_BETAS = (0.9, 0.98)

Validate = Callable[[], Validation]


class Listener(Protocol):
    """Who is told how it goes."""

    def began(self, steps: int, done: int) -> None:
        """`steps` at most, of which so many were done by an earlier process."""
        ...

    def stepped(self, step: int, loss: float) -> None:
        """One step more."""
        ...

    def validated(self, epoch: Epoch, *, is_best: bool) -> None:
        """An epoch has ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is trained."""

    model: Any
    objective: Objective
    validate: Validate


class Trainer:
    """One training; `run` leaves the best epoch's weights in the model."""

    def __init__(
        self, task: Task, settings: TuningSettings, checkpoints: Checkpoints, listener: Listener
    ) -> None:
        self._task = task
        self._settings = settings
        self._checkpoints = checkpoints
        self._listener = listener
        self._device: torch.device = task.model.device
        self._bfloat16 = uses_bfloat16(settings, self._device)
        self._optimizer = _optimizer(task.model, settings)
        lengths = task.objective.lengths
        self._ends = list(
            accumulate(len(self._order(lengths, at)) for at in range(settings.epochs))
        )
        self._history = History()
        self._saved_at = time.monotonic()

    def run(self) -> History:
        """Train to the end; raises `TrainingError` where it diverges or cannot go on."""
        self._history = self._checkpoints.load(self._task.model, self._optimizer) or History()
        self._listener.began(self._ends[-1], self._history.step)
        while not self._history.is_over(self._settings.epochs, self._settings.patience):
            self._epoch(len(self._history.epochs))
        self._checkpoints.load_best(self._task.model)
        return self._history

    def _epoch(self, at: int) -> None:
        """Do what is left of an epoch."""
        order = self._order(self._task.objective.lengths, at)
        done = self._history.step - (self._ends[at - 1] if at else 0)
        for batch in order[done:]:
            began = time.monotonic()
            loss = self._step(batch)
            self._history.seconds += time.monotonic() - began
            self._note(loss)
            self._listener.stepped(self._history.step, loss)
            if time.monotonic() - self._saved_at >= self._settings.checkpoint_s:
                self._save()
        self._validate(at)

    def _step(self, batch: Sequence[int]) -> float:
        step, settings = self._history.step, self._settings
        torch.manual_seed(settings.seed * _STEPS_A_SEED + step)
        for group in self._optimizer.param_groups:
            group["lr"] = settings.learning_rate * rate(step, self._ends[-1], settings.warm_up)
        model = self._task.model
        model.train()
        with autocast(self._device, enabled=self._bfloat16):
            loss = self._task.objective.loss(model, batch, self._device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return float(loss.detach())

    def _note(self, loss: float) -> None:
        history = self._history
        history.step += 1
        if not loss < float("inf"):
            raise TrainingError(
                f"the loss is no number any more at step {history.step}: take a lower "
                "--learning-rate"
            )
        history.recent.append(loss)
        history.of_epoch.append(loss)
        if len(history.recent) >= max(1, self._ends[-1] // POINTS):
            history.losses.append((history.step, _mean(history.recent)))
            history.recent.clear()

    def _validate(self, at: int) -> None:
        history = self._history
        found = self._task.validate()
        best = history.best
        epoch = Epoch(
            number=at + 1,
            step=history.step,
            training_loss=_mean(history.of_epoch),
            validation_loss=found.loss,
            score=found.score,
            figures=dict(found.figures),
        )
        is_best = best is None or found.score > best.score
        history.epochs.append(epoch)
        history.of_epoch.clear()
        if is_best:  # before the checkpoint that says so
            self._checkpoints.save_best(self._task.model)
        self._save()
        self._listener.validated(epoch, is_best=is_best)

    def _save(self) -> None:
        self._checkpoints.save(self._task.model, self._optimizer, self._history)
        self._saved_at = time.monotonic()

    def _order(self, lengths: Sequence[int], epoch: int) -> list[list[int]]:
        chance = random.Random(f"{self._settings.seed} {epoch}")
        return batches(lengths, self._settings.batch_tokens, chance)


def rate(step: int, steps: int, warm_up: float) -> float:
    """Return the share of the learning rate at a step: up from 0 in a line, and down to 0."""
    rising = max(1, int(steps * warm_up))
    if step < rising:
        return (step + 1) / rising
    return (steps - step) / max(1, steps - rising)


def _optimizer(model: Any, settings: TuningSettings) -> torch.optim.Optimizer:
    decayed = [one for one in model.parameters() if one.dim() > 1]
    others = [one for one in model.parameters() if one.dim() <= 1]
    return torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
        betas=_BETAS,
        fused=True,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))
