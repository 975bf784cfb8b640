"""Whether a probability of 0.9 is right nine times of ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Texts of similar confidence."""

    confidence: float  # their mean probability of the label that was given
    accuracy: float  # share of them whose label was right
    n: int  # texts


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How confidence and accuracy go together."""

    ece: float  # expected calibration error: mean distance of the two, by texts (Guo et al., 2017)
    bins: tuple[Bin, ...]  # of equal width, the empty ones left out


def calibration(sure: NDArray[np.floating], right: NDArray[np.bool_]) -> Calibration:
    """Return the calibration of confidences [texts] whose labels were right or not [texts]."""
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    bins = tuple(
        Bin(
            confidence=round(float(sure[inside].mean()), 4),
            accuracy=round(float(right[inside].mean()), 4),
            n=int(inside.sum()),
        )
        for inside in (places == at for at in range(BINS))
        if inside.any()
    )
    gap = sum(abs(one.confidence - one.accuracy) * one.n for one in bins)
    return Calibration(ece=round(gap / max(1, len(sure)), 4), bins=bins)


def threshold_for(
    sure: NDArray[np.floating], right: NDArray[np.bool_], precision: float
) -> float | None:
    """Return the least confidence from which on so great a share is right; None if there is none.

    Below it a model should abstain.
    """
    order = np.argsort(-sure, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # A threshold takes all texts of the same confidence with it.
    ends = np.append(sure[order][1:] < sure[order][:-1], True)
    good = np.flatnonzero((shares >= precision) & ends)
    return float(sure[order][good[-1]]) if len(good) else None
