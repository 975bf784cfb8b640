"""Figures of a version on the registry's own evaluation file."""

from __future__ import annotations

from pathlib import Path

from inference.evaluation.report import Report
from inference.evaluation.run import EvaluationRequest, run
from inference.files.columns import Columns
from inference.registry.records import About
from inference.settings import InferenceSettings
from inference.training.data.labelling import labelling_of


def measure(
    about: About, folder: Path, file: Path
) -> tuple[int, float, tuple[float, float], float]:
    """Return texts, macro-F1, its interval and accuracy; raises `ModelError`, `FilesError`.

    In float32: `auto` is a choice by time, and figures that are compared depend on the model alone.
    """
    outcome = run(
        EvaluationRequest(
            slot=about.slot,
            model=str(folder),
            file=file,
            labelling=labelling_of(about.slot, about.attributes),
            columns=Columns(renamed=about.columns),
            settings=InferenceSettings(models={}, dtype="fp32"),
        )
    )
    report = outcome.report
    accuracy = report.accuracy if isinstance(report, Report) else report.exact
    return report.n, report.macro_f1, report.intervals["macro_f1"], accuracy
