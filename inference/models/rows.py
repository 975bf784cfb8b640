"""What a slot needs of its model: whether rows are labels' probabilities or vectors."""

from __future__ import annotations

from inference.errors import ModelError
from inference.messages import ModelInfo
from inference.tasks.registry import ASPECTS, TASKS, Rows

FEWEST_LABELS = 2
_NEEDED = {ASPECTS: Rows.LABELS, **{spec.slot: spec.rows for spec in TASKS}}


def check_rows(info: ModelInfo) -> None:
    """Raise `ModelError` unless the slot's tasks can read what the model gives."""
    if info.labels and len(info.labels) < FEWEST_LABELS and not info.has_many_labels:
        raise ModelError(
            f"the model {info.name!r} has {len(info.labels)} label, and would give it to every "
            f"text: {info.slot} needs at least {FEWEST_LABELS}"
        )
    gives = Rows.LABELS if info.labels else Rows.VECTORS
    if gives is not _NEEDED.get(info.slot, gives):
        raise ModelError(
            f"the model {info.name!r} gives {gives.value}, and {info.slot} needs "
            f"{_NEEDED[info.slot].value}"
        )
