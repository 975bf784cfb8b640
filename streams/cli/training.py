"""How a training goes and what came out, for a person."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from streams.cli.failures import say

if TYPE_CHECKING:
    from inference.training.tuning.finetune import Tuned
    from inference.training.tuning.history import Epoch

_SMOOTHED = 0.05
"""Weight of the newest loss in the one that is shown."""


class Progress:
    """A bar with loss and time left on stderr; a line an epoch, on a terminal or not."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("loss {task.fields[loss]}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._loss: float | None = None

    def __enter__(self) -> Self:
        """Show it."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    def began(self, steps: int, done: int) -> None:
        """`steps` at most, of which so many were done by an earlier process."""
        if done:
            say(f"going on at step {done:,} of {steps:,}")
        self._task = self._bars.add_task("", total=steps, completed=done, loss="")

    def stepped(self, step: int, loss: float) -> None:
        """One step more."""
        before = loss if self._loss is None else self._loss
        self._loss = before + _SMOOTHED * (loss - before)
        if self._task is not None:
            self._bars.update(self._task, completed=step, loss=f"{self._loss:.3f}")

    def validated(self, epoch: Epoch, *, is_best: bool) -> None:
        """An epoch has ended."""
        mark = ", the best so far" if is_best else ""
        others = "".join(f", {name} {value:.4f}" for name, value in epoch.figures.items())
        self._console.print(
            f"epoch {epoch.number}: loss {epoch.training_loss:.3f}, validation "
            f"{epoch.validation_loss:.3f}, score {epoch.score:.4f}{others}{mark}",
            highlight=False,
        )


def show_tuned(tuned: Tuned) -> None:
    """Print the figures and where the model lies."""
    report = tuned.figures
    if report is not None:
        low, high = report.intervals["macro_f1"]
        say(
            f"macro-F1 {100 * report.macro_f1:.1f} ({100 * low:.1f} to {100 * high:.1f}) on "
            f"{report.n:,} texts on which nothing was chosen"
        )
    say(f"temperature {tuned.calibrated.temperature}; figures and card in {tuned.folder}")
    print(tuned.folder)
