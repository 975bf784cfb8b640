"""Size, speed and figures of a model before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from inference.evaluation.run import EvaluationRequest, run
from inference.settings import InferenceSettings


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One model."""

    bytes: int  # of its folder
    texts_per_s: float
    macro_f1: float
    interval: tuple[float, float]  # of macro-F1, 95%, by bootstrap


def standing(request: EvaluationRequest, folder: Path, dtype: str = "fp32") -> Standing:
    """Return how the model in a folder stands on the file of a request.

    In float32 as a rule: what `auto` chooses, by time, may differ from one folder to the other.
    """
    settings = replace(request.settings or InferenceSettings(models={}), dtype=dtype)
    report = run(replace(request, model=str(folder), settings=settings)).report
    return Standing(
        bytes=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        texts_per_s=report.texts_per_s,
        macro_f1=report.macro_f1,
        interval=report.intervals["macro_f1"],
    )
