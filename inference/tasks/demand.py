"""What is wanted of late: purchases of each product, counted so that older ones fade."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from inference.tasks.catalogue import Catalogue

Floats = npt.NDArray[np.float32]

HALF_LIVES: Final = (7.0, 28.0, np.inf)
"""Days after which a purchase counts half; the last never fades."""
WEIGHTS: Final = (0.0656, 0.0174, -0.0357)
"""What the logarithm of each count adds to a product's relevance, fitted on online_retail: what
sold this month is lifted, and what always sold is no news."""
_FIRST_ROWS: Final = 64
_DAY_S: Final = 86_400.0
_OLDEST, _LATEST = -6_000.0, 6_000.0
"""Days from the start between which times are told apart: within, no count overflows."""
_STALE: Final = 1 / 64
"""Share of new purchases from which the lift is computed anew."""


@dataclass(frozen=True)
class _Lift:
    layout: object  # of the catalogue that it was computed for
    until: int  # purchases for which it will do
    values: Floats


class Demand:
    """Fading counts of purchases by product; owned by one caller, changed by `add` alone."""

    def __init__(self, start: datetime | None = None) -> None:
        """Nothing can have been bought after `start` (by default now) without being bought now."""
        self._start = time.time() if start is None else start.timestamp()
        self._row_of: dict[str, int] = {}
        # Counts are kept as of the start: they all fade alike, so that none has to be touched.
        self._counts = np.zeros((len(HALF_LIVES), _FIRST_ROWS))
        self._purchases = 0
        self._lift = _Lift(object(), 0, np.zeros(0, dtype=np.float32))

    def add(self, purchases: Iterable[tuple[datetime, Iterable[str]]]) -> None:
        """Count purchases: when each was made, and of which products. Many at once cost least."""
        row_of, rows, times = self._row_of, list[int](), list[float]()
        for at, products in purchases:
            found = [row_of.setdefault(product, len(row_of)) for product in products]
            rows += found
            times += [at.timestamp()] * len(found)
        self._make_room()
        days = self._days(np.minimum(times, time.time()))
        for count, half_life in zip(self._counts, HALF_LIVES, strict=True):
            np.add.at(count, np.array(rows, dtype=np.intp), np.exp2(days / half_life))
        self._purchases += len(rows)

    def most_wanted(self, count: int) -> list[str]:
        """Return up to `count` products, most wanted of late first; the id decides ties."""
        lately, ever = self._counts[0], self._counts[-1]
        rows = self._row_of
        return heapq.nsmallest(count, rows, key=lambda p: (-lately[rows[p]], -ever[rows[p]], p))

    def lift(self, catalogue: Catalogue, now: datetime) -> Floats:
        """Return what demand adds to the relevance of each row of the catalogue [items].

        Kept while neither the rows nor, by a 64th, the purchases have changed.
        """
        kept = self._lift
        if kept.layout is not catalogue.layout or self._purchases > kept.until:
            values = self._lifted(catalogue, now)
            until = self._purchases + int(self._purchases * _STALE)
            kept = self._lift = _Lift(catalogue.layout, until, values)
        return kept.values

    def _lifted(self, catalogue: Catalogue, now: datetime) -> Floats:
        lifted = np.zeros(len(catalogue), dtype=np.float32)
        places = [catalogue.row(product) for product in self._row_of]
        known = [own for own, row in enumerate(places) if row is not None]
        if known:
            fading = np.exp2(-self._days(now.timestamp()) / np.asarray(HALF_LIVES))
            faded = self._counts[:, known] * fading[:, np.newaxis]
            lifted[[row for row in places if row is not None]] = np.asarray(WEIGHTS) @ np.log1p(
                faded
            )
        return lifted

    def _make_room(self) -> None:
        while len(self._row_of) > self._counts.shape[1]:
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)], axis=1)

    def _days(self, times: npt.ArrayLike) -> npt.NDArray[np.float64]:
        days = (np.asarray(times, dtype=np.float64) - self._start) / _DAY_S
        return np.clip(days, _OLDEST, _LATEST)
