"""The same text twice: with one label, with two, or here and in the test file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from inference.training.data.cleaning import folded
from inference.training.data.labelling import Names
from inference.training.data.losses import Loss, Reason
from inference.training.data.reading import Example


def distinct(examples: Sequence[Example]) -> tuple[list[Example], list[Loss]]:
    """Return the first of each text, and what is left out.

    Texts are compared without case and blanks, and where examples have two, both. What comes with
    different labels is left out wholly: nobody knows which of them is right.
    """
    labels: dict[str, set[Names]] = defaultdict(set)
    for one in examples:
        labels[_key(one)].add(one.labels)
    kept: list[Example] = []
    losses: list[Loss] = []
    seen: set[str] = set()
    for one in examples:
        key = _key(one)
        if len(labels[key]) > 1:
            losses.append(Loss(Reason.CONTRADICTION, one.place))
        elif key in seen:
            losses.append(Loss(Reason.DUPLICATE, one.place))
        else:
            seen.add(key)
            kept.append(one)
    return kept, losses


def without(
    examples: Iterable[Example], known: Iterable[Example]
) -> tuple[list[Example], list[Loss]]:
    """Return the examples whose text is none of `known`, and the leaks."""
    taken = {folded(one.text) for one in known}
    kept: list[Example] = []
    losses: list[Loss] = []
    for one in examples:
        if folded(one.text) in taken:
            losses.append(Loss(Reason.LEAK, one.place))
        else:
            kept.append(one)
    return kept, losses


def _key(example: Example) -> str:
    return "\0".join(folded(text) for text in example.texts)
