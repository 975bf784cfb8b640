"""Bootstrap intervals: how far a figure would move on other texts of the same kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inference.evaluation.figures import Counts

SAMPLES = 1_000
COVERED = 95
"""Percent of the samples that lie within an interval."""
_SEED = 17

Interval = tuple[float, float]


def of_confusion(counts: Counts, figure: Callable[[Counts], float]) -> Interval:
    """Return the interval of a figure that depends on the confusion matrix alone.

    Drawing texts with replacement is drawing the cells of the matrix from a multinomial.
    """
    total = int(counts.sum())
    if not total:
        return (0.0, 0.0)
    chance = np.random.default_rng(_SEED)
    drawn = chance.multinomial(total, counts.ravel() / total, size=SAMPLES)
    return _between([figure(one.reshape(counts.shape)) for one in drawn])


def of_rows(
    count: int, figure: Callable[[NDArray[np.intp]], float], samples: int = SAMPLES
) -> Interval:
    """Return the interval of a figure of rows, which is told the places of those drawn."""
    if not count:
        return (0.0, 0.0)
    chance = np.random.default_rng(_SEED)
    return _between([figure(chance.integers(count, size=count)) for _ in range(samples)])


def _between(values: list[float]) -> Interval:
    tail = (100 - COVERED) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return (round(float(low), 4), round(float(high), 4))
