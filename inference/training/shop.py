"""Purchases of online_retail split by time, and how well a scorer foretells them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.training.readers import Purchase

TRAINED_BEFORE = "2011-11-02"
MEASURED_FROM = "2011-11-21"
TOP = 10

Floats = NDArray[np.float32]
Sequences = Mapping[str, list[int]]
"""By customer: rows of the products bought, in the order of their time."""
Scorer = Callable[[list[int]], Floats]
"""From a history to a score of each product [products]."""


@dataclass(frozen=True)
class Shop:
    """The products, and who bought which when."""

    titles: list[str]
    trained: Sequences  # before TRAINED_BEFORE
    chosen: Sequences  # between the two days
    known: Sequences  # before MEASURED_FROM
    after: Sequences  # from MEASURED_FROM on


def shop_of(purchases: Sequence[Purchase]) -> Shop:
    """Return the shop of purchases in the order of their time."""
    titles = {purchase.product: purchase.title for purchase in purchases}
    rows = {product: row for row, product in enumerate(titles)}

    def sequences(start: str, end: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for purchase in purchases:
            if start <= purchase.day < end:
                found[purchase.customer].append(rows[purchase.product])
        return dict(found)

    return Shop(
        list(titles.values()),
        sequences("", TRAINED_BEFORE),
        sequences(TRAINED_BEFORE, MEASURED_FROM),
        sequences("", MEASURED_FROM),
        sequences(MEASURED_FROM, "9"),
    )


def ranked(known: Sequences, after: Sequences, score: Scorer, *, new: bool) -> dict[str, float]:
    """Return HR@10 and NDCG@10, all products ranked, over customers with a history.

    With `new` what was bought before is neither ranked nor sought; else it alone is sought.
    """
    hits: list[float] = []
    gains: list[float] = []
    for customer, bought in after.items():
        history = known.get(customer)
        if not history:
            continue
        wanted = set(bought) - set(history) if new else set(bought) & set(history)
        if not wanted:
            continue
        scores = score(history).copy()
        if new:
            scores[history] = -np.inf
        top = np.argsort(-scores, kind="stable")[:TOP]
        gain = sum(1 / np.log2(rank + 2) for rank, row in enumerate(top) if int(row) in wanted)
        ideal = sum(1 / np.log2(rank + 2) for rank in range(min(TOP, len(wanted))))
        hits.append(float(gain > 0))
        gains.append(gain / ideal)
    return {
        "customers": len(hits),
        "hr@10": round(float(np.mean(hits)), 4),
        "ndcg@10": round(float(np.mean(gains)), 4),
    }


def on_the_test(shop: Shop, score: Scorer) -> dict[str, dict[str, float]]:
    """Return the figures on what is new to a customer and on what is bought again."""
    return {
        "new": ranked(shop.known, shop.after, score, new=True),
        "again": ranked(shop.known, shop.after, score, new=False),
    }


def popularity(shop: Shop) -> Scorer:
    """Return the scorer by how many customers bought a product."""
    counts = _buyers(shop.known.values())
    scores = np.array([counts[row] for row in range(len(shop.titles))], dtype=np.float32)
    return lambda _: scores


def item_neighbours(shop: Shop) -> Scorer:
    """Return item-kNN: the sum of cosines of who bought both, over the products of a history."""
    bought = np.zeros((len(shop.known), len(shop.titles)), dtype=np.float32)
    for line, products in enumerate(shop.known.values()):
        bought[line, products] = 1.0
    norms = np.linalg.norm(bought, axis=0).clip(1e-6)
    alike = (bought.T @ bought) / np.outer(norms, norms)

    def score(history: list[int]) -> Floats:
        scores: Floats = alike[sorted(set(history))].sum(axis=0)
        return scores

    return score


def _buyers(histories: Iterable[list[int]]) -> Counter[int]:
    return Counter(row for products in histories for row in set(products))
