"""From a labelled file to figures: the model's, the floor's, and what was labelled wrongly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from inference.evaluation.attributes import (
    AttributeReport,
    attribute_report,
    evaluate_attributes,
    truths_of,
)
from inference.evaluation.floor import fit_attribute_floor, fit_floor
from inference.evaluation.mistakes import Mistake, attribute_mistakes, mistakes
from inference.evaluation.report import Judged, Report, evaluate, judge, report
from inference.evaluation.scoring import load_classifier
from inference.files.columns import Columns
from inference.files.errors import DataError
from inference.gold import meanings
from inference.messages import ModelInfo
from inference.settings import InferenceSettings
from inference.tasks.sentiment import label_names
from inference.training.data.duplicates import without
from inference.training.data.labelling import Labelling, NamedLabels
from inference.training.data.losses import Loss
from inference.training.data.reading import SECOND, Example, Found, read_examples


@dataclass(frozen=True, kw_only=True)
class EvaluationRequest:
    """What is measured on what."""

    slot: str  # sentiment, intent, moderation, aspects
    model: str  # bundled, a folder, a hub name
    file: Path
    labelling: Labelling = field(default_factory=NamedLabels)
    columns: Columns = field(default_factory=Columns)
    settings: InferenceSettings | None = None
    floor: Path | None = None  # file that TF-IDF with logistic regression is fitted on
    limit: int | None = None  # rows of `file`


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What came out."""

    report: Report | AttributeReport
    mistakes: list[Mistake]  # the surest first
    losses: list[Loss]  # rows of the file without text or label
    floor: Report | AttributeReport | None = None
    leaked: int = 0  # texts of the floor's file that stand in `file`: not fitted on


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the floor is fitted on."""

    path: Path
    examples: list[Example]
    leaked: int  # texts of the file that are measured, and so not here


def run(request: EvaluationRequest) -> Evaluation:
    """Measure; raises `ModelError`, `FilesError` and `GoldLabelError`.

    Texts are read as the worker would read them: nothing is cleaned.
    """
    found = _read(request, request.file)
    # Before anything is scored: what is amiss with the file is said at once.
    learned = _learned(request, request.floor, found.examples) if request.floor else None
    model = load_classifier(request.slot, request.model, request.settings)
    budget = request.settings.batch_tokens if request.settings else 0
    texts = [one.line for one in found.examples]
    places = [one.place for one in found.examples]
    if request.labelling.many:
        labels = [one.labels for one in found.examples]
        figures, rows, truths = evaluate_attributes(texts, labels, model, budget)
        wrong = attribute_mistakes(rows, truths, list(figures.per_attribute), texts, places)
        evaluation = Evaluation(report=figures, mistakes=wrong, losses=found.losses)
        return (
            evaluation
            if learned is None
            else _with_attribute_floor(evaluation, figures, learned, found)
        )
    items = [one.item for one in found.examples]
    single, judged = evaluate(items, [one.labels[0] for one in found.examples], model, budget)
    wrong = mistakes(judged, texts, places)
    evaluation = Evaluation(report=single, mistakes=wrong, losses=found.losses)
    return evaluation if learned is None else _with_floor(evaluation, learned, judged, found)


def _read(request: EvaluationRequest, path: Path) -> Found:
    limit = request.limit if path == request.file else None
    return read_examples(
        path, request.columns, request.labelling, second=SECOND.get(request.slot), limit=limit
    )


def _learned(request: EvaluationRequest, path: Path, measured: Sequence[Example]) -> Learned:
    """Return what the floor is fitted on: the file's texts that are not measured."""
    kept, leaks = without(_read(request, path).examples, measured)
    if not kept:
        raise DataError(
            f"every text of {path} stands in {request.file} too: the floor needs others"
        )
    return Learned(path=path, examples=kept, leaked=len(leaks))


def _with_floor(
    evaluation: Evaluation, learned: Learned, judged: Judged, found: Found
) -> Evaluation:
    in_case = {name.lower(): name for name in judged.gold}
    known = label_names(evaluation.report.model.labels)
    told = meanings([one.labels[0] for one in learned.examples], known)
    fitted = [in_case.get(name, name) for name in told]
    lacking = set(judged.gold) - set(fitted)
    if lacking or len(set(fitted)) < 2:
        missing = ", ".join(sorted(lacking)) or "a second label"
        raise DataError(f"{learned.path} has no example of {missing}: the floor cannot be fitted")
    floor = fit_floor([one.line for one in learned.examples], fitted)
    began = time.perf_counter()
    rows = floor.rows([one.line for one in found.examples])
    took = time.perf_counter() - began
    figures = report(judge(rows, floor.labels, judged.gold), took, _linear(floor.labels))
    return replace(evaluation, floor=figures, leaked=learned.leaked)


def _with_attribute_floor(
    evaluation: Evaluation, figures: AttributeReport, learned: Learned, found: Found
) -> Evaluation:
    names = list(figures.per_attribute)
    truths = truths_of([one.labels for one in learned.examples], names)
    for at, name in enumerate(names):
        if truths[:, at].all() or not truths[:, at].any():
            raise DataError(f"{learned.path} does not have texts with {name} and without it")
    floor = fit_attribute_floor([one.text for one in learned.examples], truths, names)
    began = time.perf_counter()
    rows = floor.rows([one.text for one in found.examples])
    took = time.perf_counter() - began
    gold = truths_of([one.labels for one in found.examples], names)
    linear = attribute_report(rows, gold, names, took, _linear(names))
    return replace(evaluation, floor=linear, leaked=learned.leaked)


def _linear(labels: Sequence[str]) -> ModelInfo:
    return ModelInfo(
        slot="floor",
        name="TF-IDF and logistic regression",
        hash="",
        labels=tuple(labels),
        width=len(labels),
        device="cpu",
        dtype="float32",
    )
