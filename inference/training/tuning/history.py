"""What a training has come to so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import NamedTuple


class Validation(NamedTuple):
    """What a model comes to on texts that are not trained on."""

    loss: float
    score: float  # what chooses the epoch; more is better
    figures: Mapping[str, float] = {}  # others, for a person


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch's end."""

    number: int  # from 1
    step: int
    training_loss: float  # mean over the epoch
    validation_loss: float
    score: float  # what chooses the epoch; more is better
    figures: Mapping[str, float] = field(default_factory=dict)  # others, for a person


@dataclass(kw_only=True)
class History:
    """Steps done, losses and figures; owned by the trainer."""

    step: int = 0
    seconds: float = 0.0  # of training, all runs together
    losses: list[tuple[int, float]] = field(default_factory=list)  # (step, mean since the last)
    epochs: list[Epoch] = field(default_factory=list)
    recent: list[float] = field(default_factory=list)  # losses since the last of `losses`
    of_epoch: list[float] = field(default_factory=list)  # losses of the epoch that runs

    @property
    def best(self) -> Epoch | None:
        """The epoch with the highest score, the first of several."""
        return max(self.epochs, key=lambda epoch: epoch.score, default=None)

    def is_over(self, epochs: int, patience: int) -> bool:
        """Return whether all epochs are done, or so many went by without a better one."""
        best = self.best
        late = best is not None and len(self.epochs) - best.number >= patience
        return len(self.epochs) >= epochs or late

    def to_json(self) -> str:
        """Return all of it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> History:
        """Return what `to_json` wrote."""
        content = json.loads(text)
        content["losses"] = [(step, loss) for step, loss in content["losses"]]
        content["epochs"] = [Epoch(**epoch) for epoch in content["epochs"]]
        return cls(**content)
