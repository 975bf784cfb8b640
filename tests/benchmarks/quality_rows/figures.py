"""A figure with its interval, and the row that sets it beside its floor and its targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.evaluation.calibration import expected_error
from inference.evaluation.intervals import of_rows
from inference.messages import Floats

DRAWS: Final = 400

Places = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure and its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of one set; a model of None is one that is not there."""

    set: str
    metric: str
    n: int  # items that were measured
    model: Figure | None
    floor: Figure | None  # of a classical method on the same items
    must: float
    aim: float
    less_is_better: bool = False
    note: str = ""

    @property
    def standing(self) -> str:
        """Say which of its targets the model reaches."""
        if self.model is None:
            return "no model"
        sign = -1 if self.less_is_better else 1
        reached = [sign * self.model.value >= sign * target for target in (self.must, self.aim)]
        return "aim" if reached[1] else "must" if reached[0] else "short"


def bootstrapped(n: int, statistic: Callable[[Places], float]) -> Figure:
    """Return a statistic of n items, with the percentiles of it over items drawn with return."""
    low, high = of_rows(n, statistic, DRAWS)
    return Figure(value=round(float(statistic(np.arange(n))), 4), low=low, high=high)


def mean(values: Sequence[float] | NDArray[np.generic]) -> Figure:
    """Return the mean of one value an item, such as whether it was right."""
    array = np.asarray(values, dtype=np.float64)
    return bootstrapped(len(array), lambda at: float(array[at].mean()))


def calibration(rows: Floats, labels: Places) -> Figure:
    """Return the expected calibration error of probabilities [items, classes], 0 to 1."""
    sure, right = rows.max(axis=1), rows.argmax(axis=1) == labels
    return bootstrapped(len(labels), lambda at: expected_error(sure[at], right[at]))
