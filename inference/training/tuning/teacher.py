"""A larger model's opinion of the training texts, to be learned beside their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from inference.errors import TrainingError
from inference.evaluation.scoring import load_classifier, score
from inference.messages import Item
from inference.models.base import Model
from inference.models.loading import content_hash, find
from inference.settings import InferenceSettings
from inference.training.loop import Floats
from inference.training.tuning.settings import TuningSettings

_LEAST = 1e-12
"""Instead of 0 where nothing is left of a teacher's probabilities."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Whose opinion counts, and how much."""

    name: str  # bundled, a folder, a hub name
    share: float = 0.7  # of the target that is the teacher's; the rest is the label


def load_teacher(teacher: Teacher, slot: str, settings: TuningSettings) -> Model:
    """Return the teacher, on the device and with the threads of the training; raises `ModelError`.

    It computes in float32: what is chosen by timing may be another thing when a training goes on,
    and its targets would change on the way.
    """
    told = InferenceSettings(
        models={}, dtype="fp32", device=settings.device, threads=torch.get_num_threads()
    )
    return load_classifier(slot, teacher.name, told)


def teacher_hash(teacher: Teacher, slot: str) -> str:
    """Return the content hash of the teacher's folder; raises `ModelError`."""
    return content_hash(find(slot, teacher.name).folder)


def opinion(model: Model, texts: Sequence[Item], labels: Sequence[str]) -> Floats:
    """Return the teacher's probabilities of the labels [texts, labels].

    Raises `TrainingError` where it does not know one of them.
    """
    lacking = [name for name in labels if name not in model.info.labels]
    if lacking:
        raise TrainingError(
            f"the teacher {model.info.name!r} does not know the label {lacking[0]!r}; it knows "
            f"{', '.join(model.info.labels)}"
        )
    rows: Floats = score(model, texts)[:, [model.info.labels.index(name) for name in labels]]
    return rows


def shared_out(rows: Floats) -> Floats:
    """Return rows that add up to 1: what a teacher gave to labels that are not here is shared."""
    shared: Floats = rows / np.maximum(rows.sum(axis=1, keepdims=True), _LEAST)
    return shared
