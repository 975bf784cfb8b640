"""The classical method that a model must beat: the product's own floor, with classes by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.evaluation.floor import Floor, fit_floor
from inference.messages import Floats


@dataclass(frozen=True)
class NumberedFloor:
    """A fitted floor whose labels are numbers."""

    floor: Floor

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return [texts, classes]; a class that was not there to be learned from has 0."""
        known = [int(name) for name in self.floor.labels]
        rows = np.zeros((len(texts), max(known) + 1), dtype=np.float32)
        rows[:, known] = self.floor.rows(texts)
        return rows


def fitted(texts: Sequence[str], labels: Sequence[int]) -> NumberedFloor:
    """Return the floor fitted on texts with their classes, counted from 0."""
    return NumberedFloor(fit_floor(texts, [str(label) for label in labels]))
