"""How well a classifier labels texts whose labels are known: no Kafka, no worker process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.errors import ModelError
from inference.gold import Gold, gold_names
from inference.messages import Floats, ModelInfo
from inference.models.base import Encoded, Model, forward
from inference.settings import InferenceSettings
from inference.tasks.sentiment import label_names

SLOT = "sentiment"
BATCH_TOKENS = 4096
"""Padded tokens of a batch, where no number is configured: nobody waits for one here."""
_Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """One label's figures."""

    precision: float  # of those that the model gave it, the share that has it; 0 if it gave none
    recall: float  # of those that have it, the share that the model found; 0 if none has it
    f1: float  # harmonic mean of the two
    support: int  # texts that have it


@dataclass(frozen=True, kw_only=True)
class Report:
    """A model's figures on a labelled file."""

    n: int  # texts
    accuracy: float  # share of texts whose label was found
    macro_f1: float  # mean over the labels that the file has
    per_class: Mapping[str, ClassFigures]  # by label, of those that counted
    confusion: Mapping[str, Mapping[str, int]]  # [label of the file][label of the model]
    texts_per_s: float  # tokenising and forward passes, without loading
    model: ModelInfo  # which weights


def evaluate(
    texts: Sequence[str],
    labels: Sequence[Gold],
    folder: str,
    settings: InferenceSettings | None = None,
) -> Report:
    """Return the figures of the sentiment model in `folder` (or `bundled`, or a hub name).

    `inference.gold` says what the labels mean. Of the model's labels, the most probable of those
    that the file has counts, if it has several: a file without neutral reviews asks whether a
    review is positive or negative. Raises `ModelError` and `GoldLabelError`.
    """
    told = settings or InferenceSettings(models={SLOT: folder})
    model = _load(folder, told)
    known = label_names(model.info.labels)
    gold = gold_names(labels, known)
    began = time.perf_counter()
    rows = score(model, texts, told.batch_tokens or BATCH_TOKENS)
    took = time.perf_counter() - began
    return _report(gold, _choices(rows, known, gold), took, model.info)


def score(model: Model, texts: Sequence[str], batch_tokens: int) -> Floats:
    """Return the model's rows, in the texts' order: batches by length, of bounded padded tokens."""
    encoded: Sequence[Encoded] = model.prepare(texts)
    rows = np.zeros((len(texts), model.info.width), dtype=np.float32)
    batch: list[int] = []
    # Longest first, so that a batch's first is its longest and memory's peak comes at once.
    for at in sorted(range(len(texts)), key=lambda at: -encoded[at].length):
        if batch and encoded[batch[0]].length * (len(batch) + 1) > batch_tokens:
            rows[batch] = forward(model, [encoded[one] for one in batch])
            batch = []
        batch.append(at)
    if batch:
        rows[batch] = forward(model, [encoded[one] for one in batch])
    return rows


def _load(folder: str, settings: InferenceSettings) -> Model:
    from inference.models.loading import load_all

    model = load_all(InferenceSettings(**{**vars(settings), "models": {SLOT: folder}}))[SLOT]
    if not model.info.labels:
        raise ModelError(f"the model {folder!r} has no labels: it is no classifier")
    return model


def _choices(rows: Floats, known: Sequence[str], gold: Sequence[str]) -> list[str]:
    present = set(gold)
    names = [name for name in dict.fromkeys(known) if len(present) < 2 or name in present]
    # Labels of one name add up, as they do in results.
    scores = [rows[:, [at for at, one in enumerate(known) if one == name]].sum(1) for name in names]
    return [names[at] for at in np.stack(scores, axis=1).argmax(axis=1).tolist()]


def _report(gold: Sequence[str], found: Sequence[str], took: float, model: ModelInfo) -> Report:
    names = list(dict.fromkeys([*sorted(set(gold)), *sorted(set(found))]))
    counts: _Counts = np.zeros((len(names), len(names)), dtype=np.int64)
    places = {name: at for at, name in enumerate(names)}
    for right, answer in zip(gold, found, strict=True):
        counts[places[right], places[answer]] += 1
    figures = {name: _figures(counts, at) for name, at in places.items()}
    present = [one.f1 for one in figures.values() if one.support]
    return Report(
        n=len(gold),
        accuracy=_share(int(np.trace(counts)), len(gold)),
        macro_f1=round(sum(present) / max(1, len(present)), 4),
        per_class=figures,
        confusion={
            name: dict(zip(names, counts[at].tolist(), strict=True)) for name, at in places.items()
        },
        texts_per_s=round(len(gold) / took, 1),
        model=model,
    )


def _figures(counts: _Counts, at: int) -> ClassFigures:
    right = int(counts[at, at])
    given, support = int(counts[:, at].sum()), int(counts[at].sum())
    return ClassFigures(
        precision=_share(right, given),
        recall=_share(right, support),
        f1=_share(2 * right, given + support),
        support=support,
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
