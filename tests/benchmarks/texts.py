"""Real reviews of three public sets, each text once, in one order that is the same for all."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from inference.training import readers
from tests.benchmarks.records import Reviews
from tests.benchmarks.report import ROOT

SIBLING: Final = ROOT.parent / "shared/data"
HELP: Final = (
    "folder with waimai_10k, online_shopping_10_cats and fdu_mtl; without, the sibling's "
    "shared/data or else the demo's reviews"
)
SEED: Final = 5
CHATS: Final = 2_000
DEMO_TEXTS: Final = 20_000


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What all systems are asked."""

    name: str  # of the sets, for the report
    reviews: tuple[str, ...]  # shuffled, none twice
    chats: tuple[str, ...]  # short, in none of the reviews

    @classmethod
    def read(cls, folder: Path | None) -> Texts:
        """Read the sets beneath `folder` or the sibling; else the demo's few reviews, numbered."""
        if folder is None and SIBLING.is_dir():
            folder = SIBLING
        if folder is None:
            samples = Reviews.read(None).texts
            numbered = [f"{samples[n % len(samples)]} {n}" for n in range(DEMO_TEXTS)]
            return cls.shuffled("demo reviews, numbered", numbered[CHATS:], numbered[:CHATS])
        short, *others = (
            [one.text for one in labelled]
            for labelled in (
                readers.waimai(folder),
                readers.online_shopping(folder),
                readers.fdu(folder, "train"),
                readers.fdu(folder, "test"),
            )
        )
        reviews = chain(short[CHATS:], *others)
        return cls.shuffled(
            "waimai_10k, online_shopping_10_cats, fdu_mtl", list(reviews), short[:CHATS]
        )

    @classmethod
    def shuffled(cls, name: str, reviews: list[str], chats: list[str]) -> Texts:
        """Return the texts in an order that is always the same."""
        # Not a set, whose order changes from run to run.
        fresh = list(dict.fromkeys(chats))
        distinct = list(dict.fromkeys([*fresh, *reviews]))[len(fresh) :]
        random.Random(SEED).shuffle(distinct)
        return cls(name=name, reviews=tuple(distinct), chats=tuple(fresh))
