"""A histogram that takes many observations at once; those of client libraries take one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
"""Upper bounds of durations: a batch takes tens of milliseconds, a customer waits for seconds."""
MILLISECONDS: Final = 1000.0
MOST_WAITING: Final = 4096
"""Values that are sorted into the buckets together: doing it for each chunk cost three times as
much."""

_BOUNDS: Final = np.array(SECONDS) * MILLISECONDS
_NAMES: Final = (*(f"{bound:g}" for bound in SECONDS), "+Inf")


class Buckets:
    """Counts of durations by upper bound; only ever grows."""

    def __init__(self) -> None:
        self._counts = np.zeros(len(_NAMES), dtype=np.int64)
        self._sum_ms = 0.0
        self._waiting: list[NDArray[Any]] = []
        self._waiting_values = 0

    def add(self, milliseconds: NDArray[Any]) -> None:
        """Count durations; negative ones, which clocks that differ bring, as zero."""
        self._waiting.append(milliseconds)
        self._waiting_values += len(milliseconds)
        if self._waiting_values >= MOST_WAITING:
            self._sort_in()

    def _sort_in(self) -> None:
        if not self._waiting:
            return
        values = np.maximum(np.concatenate(self._waiting, dtype=np.float64), 0.0)
        self._waiting.clear()
        self._waiting_values = 0
        places = np.searchsorted(_BOUNDS, values)
        self._counts += np.bincount(places, minlength=len(_NAMES))
        self._sum_ms += float(values.sum())

    @property
    def sum_s(self) -> float:
        """The sum of all durations in seconds."""
        self._sort_in()
        return self._sum_ms / MILLISECONDS

    def counts(self) -> NDArray[np.int64]:
        """Return how many values lie within each bound and over the one before."""
        self._sort_in()
        return self._counts.copy()

    def cumulative(self) -> list[tuple[str, int]]:
        """Return, for each bound's name, how many values do not pass it; the last is all."""
        return list(zip(_NAMES, np.cumsum(self.counts()).tolist(), strict=True))
