"""Parts of the data that hold the same share of each label."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

from inference.training.data.cleaning import folded
from inference.training.data.labelling import Names
from inference.training.data.reading import Example

FEWEST = 5
"""Examples of a label from which on one is held out: of fewer all are needed to learn from."""


def stratified(
    examples: Sequence[Example], share: float, seed: int
) -> tuple[list[Example], list[Example]]:
    """Return (the rest, a part of `share` of each label), both shuffled by `seed`.

    A label with `FEWEST` texts or more is in both; one with fewer is in the rest. What is asked
    about one text stays together, and counts for the label of the first.
    """
    chance = random.Random(seed)
    groups: dict[Names, list[list[Example]]] = defaultdict(list)
    for together in _by_text(examples):
        groups[together[0].labels].append(together)
    rest: list[Example] = []
    part: list[Example] = []
    for labels in sorted(groups):
        group = groups[labels]
        chance.shuffle(group)
        is_parted = share and len(group) >= FEWEST
        cut = min(len(group) - 1, max(1, round(share * len(group)))) if is_parted else 0
        part += chain.from_iterable(group[:cut])
        rest += chain.from_iterable(group[cut:])
    chance.shuffle(rest)
    chance.shuffle(part)
    return rest, part


def _by_text(examples: Sequence[Example]) -> Iterable[list[Example]]:
    texts: dict[str, list[Example]] = defaultdict(list)
    for one in examples:
        texts[folded(one.text)].append(one)
    return texts.values()
