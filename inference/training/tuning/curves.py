"""A training's history as a picture."""

from __future__ import annotations

from pathlib import Path

from inference.evaluation.plots import picture
from inference.training.tuning.history import History


def plot_history(history: History, path: Path, score: str) -> None:
    """Write a PNG: losses by step, and the score that chose the epoch."""
    steps = [epoch.step for epoch in history.epochs]
    with picture(path, 6.5, 6.0) as figure:
        above, below = figure.subplots(2, 1, sharex=True)
        if history.losses:
            above.plot(*zip(*history.losses, strict=True), color="0.7", label="training, by step")
        training = [epoch.training_loss for epoch in history.epochs]
        above.plot(steps, training, "o-", color="tab:gray", label="training, by epoch")
        validation = [epoch.validation_loss for epoch in history.epochs]
        above.plot(steps, validation, "o-", color="tab:orange", label="validation")
        above.set_ylabel("loss")
        above.legend(frameon=False)
        below.plot(steps, [epoch.score for epoch in history.epochs], "o-", color="tab:blue")
        if history.best:
            below.axvline(history.best.step, color="0.6", linestyle="--", linewidth=1)
        below.set_ylabel(f"{score}, validation")
        below.set_xlabel("step")
