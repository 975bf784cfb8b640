"""A classifier's figures on a labelled file, where a text may have several attributes or none."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.errors import GoldLabelError
from inference.evaluation.calibration import Calibration, calibration
from inference.evaluation.figures import ClassFigures, figures_of
from inference.evaluation.intervals import Interval, of_rows
from inference.evaluation.scoring import score
from inference.messages import Floats, ModelInfo
from inference.models.base import Model

HALF = 0.5
Truths = NDArray[np.bool_]
"""[texts, attributes]."""


@dataclass(frozen=True, kw_only=True)
class AttributeFigures(ClassFigures):
    """One attribute's figures at the threshold."""

    calibration: Calibration


@dataclass(frozen=True, kw_only=True)
class AttributeReport:
    """A model's figures on a labelled file."""

    n: int  # texts
    exact: float  # share of texts with all attributes right
    macro_f1: float  # mean over the attributes that the file has
    intervals: Mapping[str, Interval]  # of the two, 95%, by bootstrap
    per_attribute: Mapping[str, AttributeFigures]
    texts_per_s: float  # tokenising and forward passes, without loading
    model: ModelInfo  # which weights


def evaluate_attributes(
    texts: Sequence[str], labels: Sequence[Sequence[str]], model: Model, batch_tokens: int = 0
) -> tuple[AttributeReport, Floats, Truths]:
    """Return the figures, the model's rows and the truths, both for the attributes of the file.

    Attributes of the model that no text of the file has are not counted. Raises `GoldLabelError`
    for one that the model does not know.
    """
    names = attributes_of(labels, model.info.labels)
    truths = truths_of(labels, names)
    began = time.perf_counter()
    rows = score(model, texts, batch_tokens)
    took = time.perf_counter() - began
    kept = rows[:, [model.info.labels.index(name) for name in names]]
    return attribute_report(kept, truths, names, took, model.info), kept, truths


def attributes_of(labels: Sequence[Sequence[str]], known: Sequence[str]) -> list[str]:
    """Return the attributes that texts have, in the model's order; raises `GoldLabelError`."""
    for row, one in enumerate(labels, start=1):
        if not set(one) <= set(known):
            raise GoldLabelError(
                f"row {row} has an attribute that the model does not know; it knows "
                f"{', '.join(known)}",
                row,
            )
    there = {name for one in labels for name in one}
    return [name for name in known if name in there]


def truths_of(labels: Sequence[Sequence[str]], names: Sequence[str]) -> Truths:
    """Return which text has which attribute."""
    truths: Truths = np.array([[name in one for name in names] for one in labels], dtype=bool)
    return truths.reshape(len(labels), len(names))


def attribute_report(
    rows: Floats, truths: Truths, names: Sequence[str], took: float, model: ModelInfo
) -> AttributeReport:
    """Return the figures of probabilities [texts, attributes]; `took` is in seconds."""
    found = rows >= HALF
    return AttributeReport(
        n=len(truths),
        exact=round(exact(found, truths), 4),
        macro_f1=round(attribute_macro_f1(found, truths), 4),
        intervals={
            "exact": of_rows(len(truths), lambda at: exact(found[at], truths[at])),
            "macro_f1": of_rows(len(truths), lambda at: attribute_macro_f1(found[at], truths[at])),
        },
        per_attribute={name: _figures(rows[:, at], truths[:, at]) for at, name in enumerate(names)},
        texts_per_s=round(len(truths) / max(took, 1e-9), 1),
        model=model,
    )


def exact(found: Truths, truths: Truths) -> float:
    """Return the share of texts with all attributes right; 0 of nothing."""
    return float((found == truths).all(axis=1).mean()) if len(truths) else 0.0


def attribute_macro_f1(found: Truths, truths: Truths) -> float:
    """Return the mean F1 over the attributes that some text has; 0 if none has any."""
    right, both = (found & truths).sum(0), found.sum(0) + truths.sum(0)
    there = truths.any(axis=0)
    return float((2 * right[there] / both[there]).mean()) if there.any() else 0.0


def _figures(row: NDArray[np.float32], truth: Truths) -> AttributeFigures:
    found = row >= HALF
    plain = figures_of(int((found & truth).sum()), given=int(found.sum()), support=int(truth.sum()))
    sure = np.where(found, row, 1 - row)
    return AttributeFigures(**vars(plain), calibration=calibration(sure, found == truth))
