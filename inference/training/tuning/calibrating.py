"""Temperatures by which probabilities mean what they say, and when to abstain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inference.evaluation.calibration import threshold_for
from inference.models.temperature import Temperatures
from inference.tasks.language import guess_language
from inference.training.loop import Floats, best_temperature
from inference.training.tuning.validation import log_loss, probabilities
from schemas.base import Language

ENOUGH = 200
"""Texts of a language below which its temperature would be chance."""


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What was found on the validation texts."""

    temperature: float  # divides the logits: least log loss (Guo et al., 2017)
    by_language: Mapping[str, float]  # the same for each language with enough texts: its own
    precision: float  # what was asked of the thresholds
    thresholds: Mapping[str, float | None]
    """By attribute, or "" for classes: least probability that is right so often; None: none is."""
    coverage: float  # share of the texts that are above their threshold, where it is one for all

    @property
    def temperatures(self) -> Temperatures:
        """What the model's config.json says."""
        return _temperatures(self.temperature, self.by_language)


def calibrate(
    logits: Floats,
    targets: Floats,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    many: bool,
    precision: float,
) -> Calibrated:
    """Return temperatures and thresholds; logits and targets are [texts, labels]."""
    loss = log_loss(many=many)
    temperature = best_temperature(logits, targets, loss)
    languages = np.array([guess_language(text).value for text in texts])
    by_language = {
        str(name): best_temperature(logits[languages == name], targets[languages == name], loss)
        for name in np.unique(languages)
        if (languages == name).sum() >= ENOUGH
    }
    divisors = _temperatures(temperature, by_language).column(texts)
    rows = probabilities(logits, divisors, many=many)
    if many:
        thresholds = {
            name: threshold_for(rows[:, at], targets[:, at] > 0, precision)
            for at, name in enumerate(labels)
        }
        coverage = 1.0
    else:
        sure = rows.max(axis=1)
        right = rows.argmax(axis=1) == targets.argmax(axis=1)
        threshold = threshold_for(sure, right, precision)
        thresholds = {"": threshold}
        coverage = float((sure >= threshold).mean()) if threshold is not None else 0.0
    return Calibrated(
        temperature=temperature,
        by_language=by_language,
        precision=precision,
        thresholds={name: _rounded_down(one) for name, one in thresholds.items()},
        coverage=round(coverage, 4),
    )


def _temperatures(default: float, by_language: Mapping[str, float]) -> Temperatures:
    others = {Language(name): one for name, one in by_language.items() if one != default}
    return Temperatures(default=default, by_language=others)


def _rounded_down(threshold: float | None) -> float | None:
    return None if threshold is None else float(np.floor(threshold * 1e4) / 1e4)
