"""What was labelled wrongly, the surest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.evaluation.attributes import HALF, Truths
from inference.evaluation.report import Judged
from inference.messages import Floats


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A text whose label was not found."""

    place: str  # "reviews.csv, line 17"
    gold: str  # the file's label; of an attribute: "insult" or "no insult"
    found: str  # the model's
    sure: float  # the model's probability of what it found
    text: str


def mistakes(judged: Judged, texts: Sequence[str], places: Sequence[str]) -> list[Mistake]:
    """Return the texts with a wrong label; those first that the model was surest of."""
    wrong = np.flatnonzero(~judged.right)
    order = sorted(wrong.tolist(), key=lambda at: judged.of_gold[at] - judged.sure[at])
    return [
        Mistake(
            place=places[at],
            gold=judged.gold[at],
            found=judged.found[at],
            sure=round(float(judged.sure[at]), 4),
            text=texts[at],
        )
        for at in order
    ]


def attribute_mistakes(
    rows: Floats, truths: Truths, names: Sequence[str], texts: Sequence[str], places: Sequence[str]
) -> list[Mistake]:
    """Return each attribute that was found where it is not, or missed; the surest first."""
    pairs = np.argwhere((rows >= HALF) != truths).tolist()
    pairs.sort(key=lambda pair: -abs(rows[pair[0], pair[1]] - HALF))
    return [
        Mistake(
            place=places[text],
            gold=_called(names[at], there=bool(truths[text, at])),
            found=_called(names[at], there=not truths[text, at]),
            sure=round(HALF + abs(float(rows[text, at]) - HALF), 4),
            text=texts[text],
        )
        for text, at in pairs
    ]


def _called(name: str, *, there: bool) -> str:
    return name if there else f"no {name}"
