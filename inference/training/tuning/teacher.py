"""A larger model's opinion of the training texts, to be learned beside their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.errors import TrainingError
from inference.evaluation.scoring import load_classifier, score
from inference.training.loop import Floats


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Whose opinion counts, and how much."""

    name: str  # bundled, a folder, a hub name
    share: float = 0.7  # of the target that is the teacher's; the rest is the label


def soft_targets(
    teacher: Teacher, slot: str, texts: Sequence[str], targets: Floats, labels: Sequence[str]
) -> Floats:
    """Return the targets [texts, labels] mixed with the teacher's probabilities.

    Raises `TrainingError` where the teacher does not know one of the labels.
    """
    model = load_classifier(slot, teacher.name)
    lacking = [name for name in labels if name not in model.info.labels]
    if lacking:
        raise TrainingError(
            f"the teacher {teacher.name!r} does not know the label {lacking[0]!r}; it knows "
            f"{', '.join(model.info.labels)}"
        )
    rows = score(model, texts)[:, [model.info.labels.index(name) for name in labels]]
    mixed: Floats = teacher.share * rows + (1 - teacher.share) * targets
    return mixed
