"""Figures of one class or attribute, from counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
"""[label of the file, label of the model]."""


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """One label's figures."""

    precision: float  # of those that the model gave it, the share that has it; 0 if it gave none
    recall: float  # of those that have it, the share that the model found; 0 if none has it
    f1: float  # harmonic mean of the two
    support: int  # texts that have it


def confusion(gold: NDArray[np.intp], found: NDArray[np.intp], classes: int) -> Counts:
    """Return how often each label of the file met each label of the model."""
    counts: Counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (gold, found), 1)
    return counts


def class_figures(counts: Counts, at: int) -> ClassFigures:
    """Return the figures of the class at that place."""
    right = int(counts[at, at])
    return figures_of(right, given=int(counts[:, at].sum()), support=int(counts[at].sum()))


def figures_of(right: int, *, given: int, support: int) -> ClassFigures:
    """Return the figures of a label given so often, had so often, and rightly so often."""
    return ClassFigures(
        precision=share(right, given),
        recall=share(right, support),
        f1=share(2 * right, given + support),
        support=support,
    )


def macro_f1(counts: NDArray[np.int64] | Sequence[Sequence[int]]) -> float:
    """Return the mean F1 over the labels that the file has; counts as `Counts`."""
    table = np.asarray(counts, dtype=np.float64)
    right, given, support = np.diagonal(table), table.sum(0), table.sum(1)
    there = support > 0
    if not there.any():
        return 0.0
    return float((2 * right[there] / (given + support)[there]).mean())


def share(part: int, whole: int) -> float:
    """Return the share, rounded; 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0
