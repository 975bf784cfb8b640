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

    ece: float  # expected calibration error, 0 to 1
    bins: tuple[Bin, ...]  # of equal width, the empty ones left out


def calibration(sure: NDArray[np.floating], right: NDArray[np.bool_]) -> Calibration:
    """Return the calibration of confidences [texts] whose labels were right or not [texts]."""
    places = _places(sure)
    bins = tuple(
        Bin(
            confidence=round(float(sure[inside].mean()), 4),
            accuracy=round(float(right[inside].mean()), 4),
            n=int(inside.sum()),
        )
        for inside in (places == at for at in range(BINS))
        if inside.any()
    )
    return Calibration(ece=round(expected_error(sure, right), 4), bins=bins)


def expected_error(sure: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Return the mean distance of confidence and accuracy over `BINS` bins (Guo et al., 2017)."""
    gaps = np.bincount(_places(sure), weights=sure - right, minlength=BINS)
    return float(np.abs(gaps).sum() / max(1, len(sure)))


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


def _places(sure: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return each confidence's bin."""
    return np.minimum((sure * BINS).astype(np.intp), BINS - 1)
