"""Purchases of a shop split by time, and how well a scorer foretells them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.tasks.demand import HALF_LIVES, WEIGHTS
from inference.training.readers import Purchase

TRAINED_SHARE, KNOWN_SHARE = 0.8, 0.9
"""Of all purchases, those that are trained on, and those that are known when it is measured."""
TOP = 10
LIFTS_KEPT = 40_000_000
"""Numbers: of a large shop, demand is looked at less often than daily."""
_DAY_S = 86_400.0

Floats = NDArray[np.float32]


class Order(NamedTuple):
    """What one customer bought at one moment."""

    day: float  # since the epoch
    products: list[int]  # rows, each once


Orders = Mapping[str, list[Order]]
"""By customer, oldest first."""
Scorer = Callable[[list[Order]], Floats]
"""From a customer's orders to a score of each product [products]."""


@dataclass(frozen=True)
class Shop:
    """The products, and who bought which when."""

    products: list[str]  # ids
    titles: list[str]
    trained: Orders
    chosen: Orders  # after those, to choose on
    known: Orders  # both of them
    after: Orders  # to measure on
    chosen_from: float  # days since the epoch
    after_from: float


def shop_of(
    purchases: Sequence[Purchase], chosen_from: str | None = None, after_from: str | None = None
) -> Shop:
    """Return the shop of purchases in the order of their time.

    Without ISO dates to split at, four fifths of the purchases are trained on, a tenth is chosen
    on, and a tenth measured.
    """
    titles = {purchase.product: purchase.title for purchase in purchases}
    rows = {product: row for row, product in enumerate(titles)}
    first = chosen_from or purchases[int(len(purchases) * TRAINED_SHARE)].day
    second = after_from or purchases[int(len(purchases) * KNOWN_SHARE)].day

    def between(start: str, end: str) -> Orders:
        return _orders([one for one in purchases if start <= one.day < end], rows)

    return Shop(
        products=list(titles),
        titles=list(titles.values()),
        trained=between("", first),
        chosen=between(first, second),
        known=between("", second),
        after=between(second, "9"),
        chosen_from=_day(first),
        after_from=_day(second),
    )


def _orders(purchases: Sequence[Purchase], rows: Mapping[str, int]) -> Orders:
    found: dict[str, list[Order]] = defaultdict(list)
    ordered = sorted(purchases, key=attrgetter("customer", "day"))
    for (customer, day), lines in groupby(ordered, key=attrgetter("customer", "day")):
        products = dict.fromkeys(rows[line.product] for line in lines)
        found[customer].append(Order(_day(day), list(products)))
    return dict(found)


def _day(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() / _DAY_S


def bought(orders: Iterable[Order]) -> list[int]:
    """Return the products of all orders, latest last, one for each order it was in."""
    return [product for order in orders for product in order.products]


class Lifts:
    """What demand added to the relevance of each product on any day; see `inference.tasks.demand`.

    As there, every purchase before the day counts, and fades.
    """

    def __init__(self, orders: Orders, products: int, until: float) -> None:
        lines = sorted((one for of in orders.values() for one in of), key=attrgetter("day"))
        self._first = math.floor(lines[0].day)
        days = math.ceil(until) - self._first + 1
        self._step = max(1, math.ceil(days * products / LIFTS_KEPT))
        steps = math.ceil(days / self._step) + 1
        half_lives = np.asarray(HALF_LIVES)
        counts = np.zeros((products, len(HALF_LIVES)))
        self._values = np.zeros((steps, products), dtype=np.float32)
        at = 0
        for step in range(steps):
            day = self._first + step * self._step
            while at < len(lines) and lines[at].day < day:
                counts[lines[at].products] += np.exp2((lines[at].day - day) / half_lives)
                at += 1
            self._values[step] = np.log1p(counts) @ np.asarray(WEIGHTS)
            counts *= np.exp2(-self._step / half_lives)

    def at(self, day: float) -> Floats:
        """Return the lift on a day [products], by what was bought before it."""
        step = int((day - self._first) / self._step)
        lift: Floats = self._values[min(max(step, 0), len(self._values) - 1)]
        return lift


class Hits(NamedTuple):
    """Hit and NDCG at TOP of each customer who bought something of the kind."""

    new: list[tuple[float, float]]
    again: list[tuple[float, float]]


def ranked(known: Orders, after: Orders, score: Scorer) -> Hits:
    """Return how what customers with a history bought later is ranked among all products.

    For what is new to a customer, what was bought before is not ranked; what is bought again is
    sought among all.
    """
    hits = Hits([], [])
    for customer, orders in after.items():
        if not (history := known.get(customer)):
            continue
        before, now = set(bought(history)), set(bought(orders))
        scores = score(history)
        if again := now & before:
            hits.again.append(_gains(scores, again))
        if new := now - before:
            others = scores.copy()
            others[list(before)] = -np.inf
            hits.new.append(_gains(others, new))
    return hits


def _gains(scores: Floats, wanted: set[int]) -> tuple[float, float]:
    top = np.argsort(-scores, kind="stable")[:TOP]
    gain = sum(1 / np.log2(rank + 2) for rank, row in enumerate(top) if int(row) in wanted)
    ideal = sum(1 / np.log2(rank + 2) for rank in range(min(TOP, len(wanted))))
    return float(gain > 0), float(gain / ideal)


def figures(known: Orders, after: Orders, score: Scorer) -> dict[str, dict[str, float]]:
    """Return HR@10 and NDCG@10 on what is new to a customer and on what is bought again."""
    return {kind: _means(found) for kind, found in ranked(known, after, score)._asdict().items()}


def _means(found: Sequence[tuple[float, float]]) -> dict[str, float]:
    hits, gains = np.mean(found, axis=0) if found else (0.0, 0.0)
    return {
        "customers": len(found),
        "hr@10": round(float(hits), 4),
        "ndcg@10": round(float(gains), 4),
    }


def popularity(known: Orders, products: int) -> Scorer:
    """Return the scorer by how many customers bought a product."""
    scores = _buyers(known, products)
    return lambda _: scores


def most_bought(known: Orders, products: int) -> Scorer:
    """Return the scorer by how many of the customer's own orders hold a product.

    Popularity decides ties, and ranks what the customer never bought.
    """
    buyers = _buyers(known, products)
    ties = buyers / (buyers.max() + 1)

    def score(orders: list[Order]) -> Floats:
        scores: Floats = ties + np.bincount(bought(orders), minlength=products)
        return scores

    return score


def item_neighbours(known: Orders, products: int) -> Scorer:
    """Return item-kNN: the sum of cosines of who bought both, over the products of a history.

    Holds a table of customers by products and one of products by products.
    """
    marks = np.zeros((len(known), products), dtype=np.float32)
    for line, orders in enumerate(known.values()):
        marks[line, bought(orders)] = 1.0
    norms = np.linalg.norm(marks, axis=0).clip(1e-6)
    alike = marks.T @ marks
    alike /= norms
    alike /= norms[:, None]

    def score(orders: list[Order]) -> Floats:
        scores: Floats = alike[sorted(set(bought(orders)))].sum(axis=0)
        return scores

    return score


def _buyers(known: Orders, products: int) -> Floats:
    counts = Counter(row for orders in known.values() for row in set(bought(orders)))
    return np.array([counts[row] for row in range(products)], dtype=np.float32)
