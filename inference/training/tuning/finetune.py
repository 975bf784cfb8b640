"""A shop's data in, a model folder out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inference.evaluation.attributes import AttributeReport, attribute_report
from inference.evaluation.report import Report, judge, report
from inference.messages import Floats, ModelInfo
from inference.models.encoding import EncodedText
from inference.training.data.dataset import Dataset
from inference.training.data.reading import Example
from inference.training.export import round_to_half, save_classifier, save_metrics
from inference.training.tuning.bases import Base, base_hash, find_base, load_base
from inference.training.tuning.calibrating import Calibrated, calibrate
from inference.training.tuning.card import Made, card
from inference.training.tuning.checkpoint import Checkpoints
from inference.training.tuning.curves import plot_history
from inference.training.tuning.folder import (
    CARD,
    CURVES,
    UNFINISHED,
    check_out,
    identity,
    metrics_of,
    staged,
)
from inference.training.tuning.history import History
from inference.training.tuning.objectives import Attributes, Classes
from inference.training.tuning.precision import prepare_device
from inference.training.tuning.scoring import logits_of
from inference.training.tuning.settings import TuningSettings
from inference.training.tuning.teacher import (
    Teacher,
    load_teacher,
    opinion,
    shared_out,
    teacher_hash,
)
from inference.training.tuning.trainer import Listener, Task, Trainer
from inference.training.tuning.validation import Held, probabilities, targets_of


@dataclass(frozen=True, kw_only=True)
class TuningRequest:
    """What is made of what."""

    slot: str  # sentiment, intent, moderation or aspects
    data: Dataset
    out: Path  # folder that is not there yet, or holds the same training, unfinished
    base: str = "bundled"  # or a folder, or a hub name
    settings: TuningSettings = field(default_factory=TuningSettings)
    precision: float = 0.95  # that the abstaining threshold is to keep
    teacher: Teacher | None = None
    command: str = ""  # for the card


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What came out."""

    folder: Path
    history: History
    calibrated: Calibrated
    figures: Report | AttributeReport | None  # on the test part


def fine_tune(request: TuningRequest, listener: Listener) -> Tuned:
    """Train, keep the best epoch, calibrate, measure once, write.

    Killed and called again with the same request, it goes on and ends with the same weights.
    Raises `TrainingError` and `ModelError`.
    """
    check_out(request.out)
    device = prepare_device(request.settings)
    found = find_base(request.slot, request.base)
    base = load_base(
        found,
        request.data.labels,
        many=request.data.many,
        pairs=request.data.second is not None,
        seed=request.settings.seed,
        max_tokens=request.settings.max_tokens,
    )
    base.model.to(device)
    checkpoints = Checkpoints(request.out / UNFINISHED, _identity(request, base_hash(found)))
    history = Trainer(_task(request, base), request.settings, checkpoints, listener).run()
    round_to_half(base.model)
    tuned = _measured(request, base, history)
    with staged(request.out) as folder:
        _write(folder, request, base, tuned, found.name)
    checkpoints.clear()
    return tuned


def _identity(request: TuningRequest, base: str) -> str:
    return identity(
        request.settings,
        slot=request.slot,
        data=request.data.digest,
        labels=request.data.labels,
        base=base,
        teacher=_taught_by(request.slot, request.teacher) if request.teacher else None,
    )


def _taught_by(slot: str, teacher: Teacher) -> dict[str, object]:
    return {"hash": teacher_hash(teacher, slot), "share": teacher.share}


def _task(request: TuningRequest, base: Base) -> Task:
    data = request.data
    encoded = _encoded(base, data.train)
    targets = targets_of([one.labels for one in data.train], base.labels)
    if request.teacher:
        share = request.teacher.share
        targets = share * _taught(request, request.teacher, base) + (1 - share) * targets
    held = _held(base, data.validation, many=data.many)
    objective = (
        Attributes(encoded, targets, base.encoder.pad)
        if data.many
        else Classes(encoded, targets, base.encoder.pad, request.settings.label_smoothing)
    )
    return Task(model=base.model, objective=objective, validate=lambda: held.figures(base.model))


def _taught(request: TuningRequest, teacher: Teacher, base: Base) -> Floats:
    """Return what the teacher says of the training texts [texts, labels]."""
    model = load_teacher(teacher, request.slot, request.settings)
    rows = opinion(model, [one.item for one in request.data.train], base.labels)
    return rows if request.data.many else shared_out(rows)


def _encoded(base: Base, examples: Sequence[Example]) -> list[EncodedText]:
    return base.encoder([one.item for one in examples])


def _held(base: Base, examples: Sequence[Example], *, many: bool) -> Held:
    return Held(
        encoded=_encoded(base, examples),
        targets=targets_of([one.labels for one in examples], base.labels),
        pad=base.encoder.pad,
        many=many,
    )


def _measured(request: TuningRequest, base: Base, history: History) -> Tuned:
    data = request.data
    held = _held(base, data.validation, many=data.many)
    calibrated = calibrate(
        logits_of(base.model, held.encoded, held.pad),
        held.targets,
        [one.text for one in data.validation],
        base.labels,
        many=data.many,
        precision=request.precision,
    )
    figures = None
    if data.test:
        logits = logits_of(base.model, _encoded(base, data.test), base.encoder.pad)
        divisors = calibrated.temperatures.column(one.text for one in data.test)
        rows = probabilities(logits, divisors, many=data.many)
        figures = _report(request, base, rows)
    return Tuned(folder=request.out, history=history, calibrated=calibrated, figures=figures)


def _report(request: TuningRequest, base: Base, rows: Floats) -> Report | AttributeReport:
    info = ModelInfo(
        slot=request.slot,
        name=request.out.name,
        hash="",
        labels=base.labels,
        width=len(base.labels),
        device=str(base.model.device),
        dtype="float32",
    )
    labels = [one.labels for one in request.data.test]
    if request.data.many:
        truths = targets_of(labels, base.labels) > 0
        return attribute_report(rows, truths, base.labels, 0.0, info)
    return report(judge(rows, base.labels, [one[0] for one in labels]), 0.0, info)


def _write(folder: Path, request: TuningRequest, base: Base, tuned: Tuned, name: str) -> None:
    temperatures = tuned.calibrated.temperatures
    save_classifier(base.model, base.tokenizer, folder, temperatures.as_config())
    plot_history(tuned.history, folder / CURVES, "macro-F1")
    save_metrics(folder, _metrics(request, tuned))
    made = Made(
        slot=request.slot,
        base=name,
        keeps_head=base.keeps_head,
        teacher=request.teacher.name if request.teacher else None,
        parameters=sum(one.numel() for one in base.model.parameters()),
        command=request.command,
        data=request.data,
        settings=request.settings,
        history=tuned.history,
        calibrated=tuned.calibrated,
        figures=tuned.figures,
    )
    (folder / CARD).write_text(card(made), encoding="utf-8")


def _metrics(request: TuningRequest, tuned: Tuned) -> dict[str, Any]:
    test = asdict(tuned.figures) if tuned.figures else None
    for measured_elsewhere in ("model", "texts_per_s"):
        (test or {}).pop(measured_elsewhere, None)
    return {
        "test": test,
        "calibration": asdict(tuned.calibrated),
        **metrics_of(request.data, request.settings, tuned.history),
    }
