"""Which numbers a network computes with: what is tried, and what is chosen of it.

Float32 is right everywhere; bfloat16 is faster where the processor has instructions for it; 8 bits
are, where it has none. What pays depends on the network's shape too, so that it is measured when
the network is loaded, and a gain has to be worth what it costs in exactness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from inference.messages import Floats


class Precision(StrEnum):
    """What the linear layers, where the time goes, multiply."""

    FP32 = "float32"
    BF16 = "bfloat16"
    INT8 = "int8"


AUTO = "auto"
INT8 = "int8"
CONFIGURED = {"fp32": Precision.FP32, "bf16": Precision.BF16, INT8: Precision.INT8}
PAYS = 1.25
"""A less exact way must be so many times as fast as the next more exact one that was good: with a
smaller gain, noise would choose, and a text's scores depend on which worker it met."""
TOLERANCE: Mapping[Precision, float] = {
    Precision.FP32: 1e-5,
    Precision.BF16: 0.02,
    Precision.INT8: 0.03,
}
"""By how much a sample's probability may differ from that in float32 and on its own."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One way, as it was measured."""

    precision: Precision
    seconds: float  # for the samples
    shift: float  # largest difference of a probability from float32
    same_labels: bool  # where the most probable label leads by more than the tolerance


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen."""

    precision: Precision
    reason: str  # words for a person, of every way that was looked at


def choose(exact: Trial, others: Sequence[Trial]) -> Choice:
    """Return the fastest way that keeps the scores; `others` are less and less exact."""
    chosen, notes = exact, []
    for trial in others:
        gain = exact.seconds / trial.seconds
        told = f"{trial.precision} is {gain:.1f} times as fast as float32"
        if trial.shift > TOLERANCE[trial.precision] or not trial.same_labels:
            notes.append(f"{told}, but moves a sample's score by {trial.shift:.3f}")
        elif chosen.seconds < PAYS * trial.seconds:
            beside = "" if chosen is exact else f" beside {chosen.precision}"
            notes.append(f"{told}, which does not pay{beside}")
        else:
            chosen = trial
            notes.append(f"{told} (scores within {trial.shift:.4f})")
    return Choice(precision=chosen.precision, reason="; ".join(notes) or "nothing else to try")


def compare(exact: Floats, rows: Floats, tolerance: float) -> tuple[float, bool]:
    """Return the largest difference of a score, and whether clear labels stay; [texts, labels]."""
    shift = float(np.abs(exact - rows).max())
    if exact.shape[1] < 2:
        return shift, True
    ranked = np.sort(exact, axis=1)
    is_clear = ranked[:, -1] - ranked[:, -2] > tolerance
    is_same = exact.argmax(axis=1) == rows.argmax(axis=1)
    return shift, bool(np.all(is_same | ~is_clear))
