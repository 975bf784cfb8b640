"""The sentiment of an aspect in its sentence: mams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree  # the project's own copy of a public set

import numpy as np

from inference.evaluation.scoring import score
from inference.training.data.dataset import Dataset
from inference.training.data.reading import Example
from inference.training.tuning.settings import TuningSettings
from tests.benchmarks.quality_rows.figures import Row, calibration, mean
from tests.benchmarks.quality_rows.floors import fitted
from tests.benchmarks.quality_rows.tuned import parts, tuned

CLASSES: Final = ("negative", "neutral", "positive")
NEAR: Final = 5
"""Words on each side of a term that the floor reads apart from the rest."""
RECIPE: Final = TuningSettings(
    epochs=4, patience=4, learning_rate=1.5e-4, batch_tokens=1024, label_smoothing=0.05
)
"""The epoch is chosen on the set's validation part."""


class Term(NamedTuple):
    """A term, where it stands, and how it is spoken of."""

    sentence: str
    start: int
    end: int
    label: int


def mams(data: Path) -> Iterator[Row]:
    """Yield accuracy and calibration on the terms of the test part, trained on the set."""
    learned, tested = _part(data, "train"), _part(data, "test")
    labels = np.array([one.label for one in tested])
    floor = fitted([_marked(one) for one in learned], [one.label for one in learned])
    floor_rows = floor.probabilities([_marked(one) for one in tested])
    model = tuned("aspects", dataset(data), RECIPE)
    rows = score(model, [example(one).item for one in tested])
    yield Row(
        set="mams",
        metric="accuracy",
        n=len(tested),
        model=mean(rows.argmax(axis=1) == labels),
        floor=mean(floor_rows.argmax(axis=1) == labels),
        must=0.78,
        aim=0.845,
        note=f"trained on the set; the floor reads {NEAR} words on each side of a term apart",
    )
    yield Row(
        set="mams",
        metric="calibration error",
        n=len(tested),
        model=calibration(rows, labels),
        floor=calibration(floor_rows, labels),
        must=0.03,
        aim=0.015,
        less_is_better=True,
    )


def dataset(data: Path) -> Dataset:
    """Return the set's own training and validation parts as `train aspects` would read them."""
    train, validation = ([example(one) for one in _part(data, name)] for name in ("train", "val"))
    return parts(train, validation, CLASSES, second="aspect")


def example(term: Term) -> Example:
    """Return a term and its sentence as a model reads them."""
    named = term.sentence[term.start : term.end]
    return Example(term.sentence, (CLASSES[term.label],), "mams", second=named)


def _part(data: Path, name: str) -> list[Term]:
    root = ElementTree.parse(data / f"mams/MAMS-ATSA/{name}.xml").getroot()  # noqa: S314
    return [
        Term(
            sentence.findtext("text", ""),
            int(term.attrib["from"]),
            int(term.attrib["to"]),
            CLASSES.index(term.attrib["polarity"]),
        )
        for sentence in root.iter("sentence")
        for term in sentence.iter("aspectTerm")
    ]


def _marked(term: Term) -> str:
    """Return the sentence, the words near the term once more with a mark, and the term."""
    before = re.findall(r"\w+", term.sentence[: term.start])[-NEAR:]
    after = re.findall(r"\w+", term.sentence[term.end :])[:NEAR]
    named = term.sentence[term.start : term.end].replace(" ", "")
    near = [f"near{word}" for word in before + after]
    return " ".join([term.sentence, *near, f"term{named}"])
