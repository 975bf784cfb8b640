"""A worker that every forward pass ends, as one whose device is broken."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence

from inference.messages import Floats
from inference.models.base import Model
from inference.settings import InferenceSettings
from inference.worker import main
from tests.toys.worker import Toy, ToyModel


class Deadly(ToyModel):
    def forward(self, batch: Sequence[Toy]) -> Floats:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(batch)


def load(settings: InferenceSettings) -> Mapping[str, Model]:
    return {slot: Deadly(slot) for slot in settings.models}


if __name__ == "__main__":
    main(load)
