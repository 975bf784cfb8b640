"""The sentiment of an aspect in its sentence: mams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree  # the project's own copy of a public set

import numpy as np

from tests.benchmarks.quality_rows.figures import Row, mean
from tests.benchmarks.quality_rows.floors import fitted

CLASSES: Final = ("negative", "neutral", "positive")
NEAR: Final = 5
"""Words on each side of a term that the floor reads apart from the rest."""


class Term(NamedTuple):
    """A term, where it stands, and how it is spoken of."""

    sentence: str
    start: int
    end: int
    label: int


def mams(data: Path) -> Iterator[Row]:
    """Yield the accuracy on the terms of the test part; no model is bundled yet."""
    learned, tested = _part(data, "train"), _part(data, "test")
    labels = np.array([one.label for one in tested])
    floor = fitted([_marked(one) for one in learned], [one.label for one in learned])
    rows = floor.probabilities([_marked(one) for one in tested])
    yield Row(
        set="mams",
        metric="accuracy",
        n=len(tested),
        model=None,
        floor=mean(rows.argmax(axis=1) == labels),
        must=0.78,
        aim=0.845,
        note=f"terms; the floor reads {NEAR} words on each side apart",
    )


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
