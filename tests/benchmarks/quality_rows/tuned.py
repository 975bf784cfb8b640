"""Models tuned within the benchmark, as `shopstreams train` tunes a shop's.

They begin with all-MiniLM-L6-v2 (English, six layers of 384), which read none of the sets that are
measured. The bundled models will not do: the intent model was trained on hint3 and banking77, and
the sentiment model is smaller.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from inference.models.base import Model
from inference.models.loading import load
from inference.training.data.dataset import Dataset
from inference.training.data.reading import Example
from inference.training.transfer import carried_encoder
from inference.training.tuning.finetune import TuningRequest, fine_tune
from inference.training.tuning.history import Epoch
from inference.training.tuning.settings import TuningSettings


class Told:
    """Says on stderr how a training goes."""

    def began(self, steps: int, done: int) -> None:
        """Say nothing."""

    def stepped(self, step: int, loss: float) -> None:
        """Say nothing."""

    def validated(self, epoch: Epoch, *, is_best: bool) -> None:
        """Say it."""
        print(epoch, "*" if is_best else "", file=sys.stderr, flush=True)


def parts(
    train: list[Example],
    validation: list[Example],
    labels: Sequence[str],
    second: str | None = None,
) -> Dataset:
    """Return what a model is trained and chosen on, the labels in this order."""
    return Dataset(
        train=train,
        validation=validation,
        test=[],
        labels=tuple(labels),
        many=False,
        losses=[],
        rows=len(train) + len(validation),
        sources=(),
        second=second,
    )


def tuned(slot: str, data: Dataset, settings: TuningSettings, base: Path | None = None) -> Model:
    """Return a model of the data, calibrated on its validation part, as the worker loads it."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "tuned"
        request = TuningRequest(
            slot=slot, data=data, out=out, base=str(base or carried_encoder()), settings=settings
        )
        fine_tune(request, Told())
        return load(slot, str(out), "cpu", settings.max_tokens)
