"""The folder that a training writes: who may, what names the training, what is in it.

While it is trained on, the folder holds nothing but `UNFINISHED`. What is finished is written in
there and then moved, so that a kill leaves `UNFINISHED` or a whole folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from inference.errors import TrainingError
from inference.training.data.dataset import Dataset
from inference.training.data.exchanges import Exchanges
from inference.training.data.losses import by_reason
from inference.training.tuning.history import History
from inference.training.tuning.settings import TuningSettings

UNFINISHED: Final = ".training"
CARD: Final = "README.md"
CURVES: Final = "curves.png"


def check_out(out: Path) -> None:
    """Raise `TrainingError` unless the folder is empty, new, or holds an unfinished training."""
    if out.is_dir() and not (out / UNFINISHED).is_dir() and any(out.iterdir()):
        raise TrainingError(f"{out} is not empty: name a folder that is not there yet")
    if out.exists() and not out.is_dir():
        raise TrainingError(f"{out} is no folder: name one that is not there yet")


def identity(settings: TuningSettings, **parts: object) -> str:
    """Return what names a training: a hash of all that determines its outcome."""
    told = {**parts, "settings": settings.decisive}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Give a place for a model's folder; what is written there is moved to `out`.

    A kill on the way leaves `UNFINISHED`, and all is done again.
    """
    folder = out / UNFINISHED / "model"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    for path in sorted(folder.iterdir()):
        if path.is_dir():  # which replaces none that holds anything
            shutil.rmtree(out / path.name, ignore_errors=True)
        path.replace(out / path.name)


def metrics_of(
    data: Dataset | Exchanges, settings: TuningSettings, history: History
) -> dict[str, Any]:
    """Return what any training's metrics.json tells, its figures on the test part aside."""
    return {
        "validation": [asdict(epoch) for epoch in history.epochs],
        "data": {
            "files": data.sources,
            "digest": data.digest,
            "rows": data.rows,
            "left_out": by_reason(data.losses),
        },
        "settings": asdict(settings),
        "seconds": round(history.seconds, 1),
    }
