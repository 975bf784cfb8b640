"""Sentiment on four public sets, and how sure the model may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from inference.evaluation.scoring import score
from inference.messages import Floats
from inference.models.base import Model
from inference.tasks.sentiment import label_names
from inference.training import readers
from inference.training.readers import Labelled
from inference.training.sentiment import TWO_CLASSES, Sets, split
from schemas.results import Sentiment
from tests.benchmarks.quality_rows.bundled import bundled, of_classes
from tests.benchmarks.quality_rows.figures import Row, calibration, mean
from tests.benchmarks.quality_rows.floors import NumberedFloor, fitted

MUST_ECE, AIM_ECE = 0.03, 0.015
SIGNS: Final = (Sentiment.NEGATIVE, Sentiment.POSITIVE)
_ALL: Final = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A set, its floor, and by how much the model should pass that."""

    name: str
    floor: NumberedFloor
    tested: list[Labelled]
    must: float  # above the floor
    aim: float
    classes: Sequence[str] = SIGNS
    note: str = ""


@cache
def _sets(data: Path) -> Sets:
    return split(data)


@cache
def _chinese_floor(data: Path) -> NumberedFloor:
    """Return the floor fitted on the part of online_shopping_10_cats that is not held out."""
    held_out = _sets(data).measured["online_shopping_10_cats"]
    return _fitted(readers.without(readers.online_shopping(data), held_out))


def _held_out(data: Path, name: str) -> list[Labelled]:
    """Return reviews of two classes that training holds out, as 0 and 1."""
    reviews = _sets(data).measured[name]
    return [Labelled(one.text, TWO_CLASSES.index(one.label)) for one in reviews]


def _fitted(reviews: Sequence[Labelled]) -> NumberedFloor:
    return fitted([one.text for one in reviews], [one.label for one in reviews])


def online_shopping(data: Path) -> Measured:
    """The tenth of the set that training holds out; the floor learns from the rest."""
    return Measured(
        name="online_shopping_10_cats",
        floor=_chinese_floor(data),
        tested=_held_out(data, "online_shopping_10_cats"),
        must=0.0,
        aim=0.015,
    )


def waimai(data: Path) -> Measured:
    """Never trained on, neither by the model nor by the floor."""
    return Measured(
        name="waimai_10k",
        floor=_chinese_floor(data),
        tested=_held_out(data, "waimai_10k"),
        must=0.0,
        aim=0.015,
        note="floor trained on online_shopping_10_cats",
    )


def fdu(data: Path) -> Measured:
    """The test part without what stands in the training parts of fdu_mtl and hatn_amazon_raw."""
    return Measured(
        name="fdu_mtl",
        floor=_fitted(readers.fdu(data, "train")),
        tested=_held_out(data, "fdu_mtl"),
        must=0.02,
        aim=0.04,
    )


def womens_clothing(data: Path) -> Measured:
    """Three classes."""
    return Measured(
        name="womens_clothing",
        floor=_fitted(readers.womens_clothing(data, "train")),
        tested=_sets(data).measured["womens_clothing"],
        must=0.02,
        aim=0.05,
        classes=_ALL,
    )


SETS: Final[Mapping[str, Callable[[Path], Measured]]] = {
    "online_shopping_10_cats": online_shopping,
    "waimai_10k": waimai,
    "fdu_mtl": fdu,
    "womens_clothing": womens_clothing,
}


def rows_of(name: str, data: Path) -> Iterator[Row]:
    """Yield accuracy and calibration on the set of that name."""
    one = SETS[name](data)
    texts = [review.text for review in one.tested]
    labels = np.array([review.label for review in one.tested])
    floor = one.floor.probabilities(texts)
    floor_right = mean(floor.argmax(axis=1) == labels)
    scored = _scored(bundled("sentiment"), texts, one.classes)
    yield Row(
        set=one.name,
        metric="accuracy",
        n=len(texts),
        model=None if scored is None else mean(scored.argmax(axis=1) == labels),
        floor=floor_right,
        must=round(floor_right.value + one.must, 4),
        aim=round(floor_right.value + one.aim, 4),
        note=one.note,
    )
    yield Row(
        set=one.name,
        metric="calibration error",
        n=len(texts),
        model=None if scored is None else calibration(scored, labels),
        floor=calibration(floor, labels),
        must=MUST_ECE,
        aim=AIM_ECE,
        less_is_better=True,
    )


def _scored(model: Model | None, texts: Sequence[str], classes: Sequence[str]) -> Floats | None:
    if model is None:
        return None
    names = label_names(model.info.labels)
    return of_classes(score(model, texts), names, classes)
