"""What customers of online_retail bought next, ranked among all products as in use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from inference.models.base import Model, forward
from inference.tasks.purchases import READ
from inference.tasks.recommend import Buyer, RankPolicy, relevance
from inference.training import readers
from inference.training.recommend import CHOSEN_FROM, MEASURED_FROM
from inference.training.recommend_check import catalogue_of, floor_scorers
from inference.training.shop import (
    TOP,
    Floats,
    Hits,
    Lifts,
    Order,
    Scorer,
    Shop,
    bought,
    ranked,
    shop_of,
)
from tests.benchmarks.quality_rows.bundled import bundled
from tests.benchmarks.quality_rows.figures import Row, mean

AIM: Final = 1.2
"""Times the best floor's NDCG."""
AT_ONCE: Final = 256
METRICS: Final = ("HR@10", "NDCG@10")


def online_retail(data: Path) -> Iterator[Row]:
    """Yield HR@10 and NDCG@10 on what is new to a customer and on what is bought again.

    The floor is the best of popularity, item-kNN and the customer's own most bought, by NDCG.
    """
    shop = shop_of(readers.online_retail(data), CHOSEN_FROM, MEASURED_FROM)
    beside = {
        name: ranked(shop.known, shop.after, score) for name, score in floor_scorers(shop).items()
    }
    model, found, note = bundled("recommend"), None, ""
    if model is not None:
        counted = _Counted(_in_use(model, shop))
        found = ranked(shop.known, shop.after, counted)
        note = counted.told(len(shop.titles))
    for kind in Hits._fields:
        yield from _rows(kind, found, beside, note)


def _rows(kind: str, found: Hits | None, beside: dict[str, Hits], note: str) -> Iterator[Row]:
    ranks = {name: np.array(getattr(hits, kind)) for name, hits in beside.items()}
    best = max(ranks, key=lambda name: ranks[name][:, 1].mean())
    for at, metric in enumerate(METRICS):
        floor = mean(ranks[best][:, at])
        yield Row(
            set=f"online_retail {kind}",
            metric=metric,
            n=len(ranks[best]),
            model=None if found is None else mean(np.array(getattr(found, kind))[:, at]),
            floor=floor,
            must=floor.value,
            aim=round(AIM * floor.value, 4) if metric == "NDCG@10" else floor.value,
            note=f"floor: {best}; {note}",
        )


def _in_use(model: Model, shop: Shop) -> Scorer:
    chunks = [shop.titles[at : at + AT_ONCE] for at in range(0, len(shop.titles), AT_ONCE)]
    vectors = np.concatenate([forward(model, model.prepare(chunk)) for chunk in chunks])
    catalogue = catalogue_of(shop, vectors)
    lift = Lifts(shop.known, len(shop.titles), shop.after_from).at(shop.after_from)

    def score(orders: list[Order]) -> Floats:
        history = [shop.titles[row] for row in bought(orders)[-READ:]]
        vector = forward(model, model.prepare([history]))[0]
        own = [[shop.products[row] for row in order.products] for order in orders]
        likeness = catalogue.vectors @ vector
        return relevance(Buyer(orders=own), catalogue, likeness, lift, RankPolicy())

    return score


class _Counted:
    """A scorer that counts its processor time and what it puts among the first."""

    def __init__(self, score: Scorer) -> None:
        self._score = score
        self._shown: set[int] = set()
        self._customers = 0
        self._took = 0.0

    def __call__(self, orders: list[Order]) -> Floats:
        """Score, and count."""
        began = time.process_time()
        scores = self._score(orders)
        self._took += time.process_time() - began
        self._customers += 1
        others = scores.copy()
        others[bought(orders)] = -np.inf
        self._shown.update(np.argsort(-others)[:TOP].tolist())
        return scores

    def told(self, products: int) -> str:
        """Return coverage and cost as words."""
        coverage = len(self._shown) / products
        milliseconds = 1_000 * self._took / max(1, self._customers)
        return f"new items shown {coverage:.0%} of all; {milliseconds:.1f} ms a customer"
