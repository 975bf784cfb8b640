"""Figures of a version on the registry's own evaluation file."""

from __future__ import annotations

from pathlib import Path

from inference.evaluation.report import Report
from inference.evaluation.run import EvaluationRequest, run
from inference.files.columns import Columns
from inference.registry.records import About
from inference.settings import InferenceSettings
from inference.training.data.labelling import (
    AttributeColumns,
    Labelling,
    ListedLabels,
    NamedLabels,
)

MODERATION = "moderation"


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
            labelling=_labelling(about),
            columns=Columns(renamed=about.columns),
            settings=InferenceSettings(models={}, dtype="fp32"),
        )
    )
    report = outcome.report
    accuracy = report.accuracy if isinstance(report, Report) else report.exact
    return report.n, report.macro_f1, report.intervals["macro_f1"], accuracy


def _labelling(about: About) -> Labelling:
    if about.slot != MODERATION:
        return NamedLabels()
    return AttributeColumns(about.attributes) if about.attributes else ListedLabels()
