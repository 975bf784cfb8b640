"""Offensive language on cold, by the attribute toxicity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from inference.evaluation.scoring import score
from inference.messages import Floats
from inference.models.base import Model
from inference.training import readers
from tests.benchmarks.quality_rows.bundled import bundled
from tests.benchmarks.quality_rows.figures import Row, calibration, mean
from tests.benchmarks.quality_rows.floors import fitted

AIM: Final = 0.828
"""Accuracy that the set's authors report of RoBERTa."""
ATTRIBUTE: Final = "toxicity"


def cold(data: Path) -> Iterator[Row]:
    """Yield accuracy and calibration on the test part, without what stands in the others."""
    learned, tested = (readers.cold_apart(data, part) for part in ("train", "test"))
    texts = [one.text for one in tested]
    labels = np.array([one.label for one in tested])
    floor = fitted([one.text for one in learned], [one.label for one in learned]).probabilities(
        texts
    )
    floor_right = mean(floor.argmax(axis=1) == labels)
    scored = _scored(bundled("moderation"), texts)
    yield Row(
        set="cold",
        metric="accuracy",
        n=len(texts),
        model=None if scored is None else mean(scored.argmax(axis=1) == labels),
        floor=floor_right,
        must=floor_right.value,
        aim=AIM,
        note=f"attribute {ATTRIBUTE}, from 0.5 on",
    )
    yield Row(
        set="cold",
        metric="calibration error",
        n=len(texts),
        model=None if scored is None else calibration(scored, labels),
        floor=calibration(floor, labels),
        must=0.03,
        aim=0.015,
        less_is_better=True,
    )


def _scored(model: Model | None, texts: list[str]) -> Floats | None:
    """Return the probabilities of harmless and offensive [texts, 2]."""
    if model is None or ATTRIBUTE not in model.info.labels:
        return None
    toxic = score(model, texts)[:, model.info.labels.index(ATTRIBUTE)]
    return np.stack([1 - toxic, toxic], axis=1)
