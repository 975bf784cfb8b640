"""A classifier's figures on a labelled file, where classes exclude each other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.evaluation.calibration import Calibration, calibration
from inference.evaluation.figures import (
    ClassFigures,
    Counts,
    class_figures,
    confusion,
    macro_f1,
    share,
)
from inference.evaluation.intervals import Interval, of_confusion
from inference.evaluation.scoring import score
from inference.gold import Gold, gold_names
from inference.messages import Floats, Item, ModelInfo
from inference.models.base import Model
from inference.tasks.sentiment import label_names


@dataclass(frozen=True, kw_only=True)
class Report:
    """A model's figures on a labelled file."""

    n: int  # texts
    accuracy: float  # share of texts whose label was found
    macro_f1: float  # mean over the labels that the file has
    intervals: Mapping[str, Interval]  # of the two, 95%, by bootstrap
    per_class: Mapping[str, ClassFigures]  # by label, of those that counted
    confusion: Mapping[str, Mapping[str, int]]  # [label of the file][label of the model]
    calibration: Calibration
    texts_per_s: float  # tokenising and forward passes, without loading
    model: ModelInfo  # which weights


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a model made of each text."""

    gold: list[str]  # the file's label of each text, in the model's words
    found: list[str]  # the model's
    sure: NDArray[np.float64] = field(repr=False)  # its probability [texts]
    of_gold: NDArray[np.float64] = field(repr=False)  # the probability of the file's [texts]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each text's label was found [texts]."""
        return np.array([a == b for a, b in zip(self.gold, self.found, strict=True)], dtype=bool)


def evaluate(
    texts: Sequence[Item], labels: Sequence[Gold], model: Model, batch_tokens: int = 0
) -> tuple[Report, Judged]:
    """Return the model's figures, and what it made of each text.

    `inference.gold` says what the labels mean. Of the model's labels, the most probable of those
    that the file has counts, if it has several: a file without neutral reviews asks whether a
    review is positive or negative. Raises `GoldLabelError`.
    """
    known = label_names(model.info.labels)
    gold = gold_names(labels, known)
    began = time.perf_counter()
    rows = score(model, texts, batch_tokens)
    took = time.perf_counter() - began
    judged = judge(rows, known, gold)
    return report(judged, took, model.info), judged


def judge(rows: Floats, known: Sequence[str], gold: Sequence[str]) -> Judged:
    """Return what rows of probabilities [texts, labels] say beside the file's labels."""
    present = set(gold)
    names = [name for name in dict.fromkeys(known) if len(present) < 2 or name in present]
    # Labels of one name add up, as they do in results.
    columns = [[at for at, one in enumerate(known) if one == name] for name in names]
    scores = np.stack([rows[:, at].sum(1, dtype=np.float64) for at in columns], axis=1)
    scores /= np.maximum(scores.sum(axis=1, keepdims=True), 1e-12)
    best = scores.argmax(axis=1)
    texts = np.arange(len(gold))
    return Judged(
        gold=list(gold),
        found=[names[at] for at in best.tolist()],
        sure=scores[texts, best],
        of_gold=scores[texts, [names.index(name) for name in gold]],
    )


def report(judged: Judged, took: float, model: ModelInfo) -> Report:
    """Return the figures; `took` is in seconds."""
    names = list(dict.fromkeys([*sorted(set(judged.gold)), *sorted(set(judged.found))]))
    counts = confusion(_places(judged.gold, names), _places(judged.found, names), len(names))
    return Report(
        n=len(judged.gold),
        accuracy=round(_accuracy(counts), 4),
        macro_f1=round(macro_f1(counts), 4),
        intervals={
            "accuracy": of_confusion(counts, _accuracy),
            "macro_f1": of_confusion(counts, macro_f1),
        },
        per_class={name: class_figures(counts, at) for at, name in enumerate(names)},
        confusion={
            name: dict(zip(names, counts[at].tolist(), strict=True))
            for at, name in enumerate(names)
        },
        calibration=calibration(judged.sure, judged.right),
        texts_per_s=round(len(judged.gold) / max(took, 1e-9), 1),
        model=model,
    )


def _accuracy(counts: Counts) -> float:
    return share(int(np.trace(counts)), int(counts.sum()))


def _places(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.intp]:
    where = {name: at for at, name in enumerate(names)}
    return np.array([where[label] for label in labels], dtype=np.intp)
