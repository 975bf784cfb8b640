"""Where a request's items meet again: each came with another batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.frames import Scores
from inference.messages import Floats, ItemError
from inference.scheduler import Entry

NOT_A_NUMBER = ItemError(code="not_a_number", reason="the model's scores are not numbers")
MILLISECONDS = 1000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Done:
    """What became of some entries: rows, or one error for all of them."""

    entries: Sequence[Entry]  # of any requests
    rows: Floats | None = None  # [entries, width]
    error: ItemError | None = None  # set where `rows` is not
    began: float  # seconds; when the device took them
    took_s: float  # forward pass
    cached: bool = False  # the rows were known, or computed for others


@dataclass(kw_only=True, eq=False)
class _Pending:
    rows: Floats
    queue_ms: Floats
    compute_ms: Floats
    left: int
    version: str
    cached: int = 0
    errors: dict[int, ItemError] = field(default_factory=dict)


class Desk:
    """Requests whose items are not all answered; used by one thread alone."""

    def __init__(self) -> None:
        self._pending: dict[int, _Pending] = {}

    def open(self, request: int, count: int, width: int, version: str) -> None:
        """Expect `count` rows of `width` numbers for a request, of one version of a model."""
        self._pending[request] = _Pending(
            rows=np.full((count, width), np.nan, dtype=np.float32),
            queue_ms=np.zeros(count, dtype=np.float32),
            compute_ms=np.zeros(count, dtype=np.float32),
            left=count,
            version=version,
        )

    def drop(self, request: int) -> None:
        """Forget a request; nobody waits for it."""
        self._pending.pop(request, None)

    def fill(self, done: Done) -> Iterator[Scores]:
        """Take in what became of some entries; yield the requests that are complete by it."""
        by_request: defaultdict[int, list[int]] = defaultdict(list)
        for index, entry in enumerate(done.entries):
            by_request[entry.request].append(index)
        for request, at in by_request.items():
            pending = self._pending.get(request)
            if pending is None:
                continue
            _note(pending, done, at)
            if not pending.left:
                yield self._close(request)

    def _close(self, request: int) -> Scores:
        pending = self._pending.pop(request)
        return Scores(
            request=request,
            rows=pending.rows,
            queue_ms=pending.queue_ms,
            compute_ms=pending.compute_ms,
            errors=pending.errors,
            cached=pending.cached,
            version=pending.version,
        )


def _note(pending: _Pending, done: Done, at: Sequence[int]) -> None:
    """Write the rows or the error of those entries of one request that stand at `at`."""
    places = [done.entries[one].place for one in at]
    waits = [done.began - done.entries[one].queued_at for one in at]
    pending.queue_ms[places] = np.asarray(waits) * MILLISECONDS
    pending.compute_ms[places] = done.took_s * MILLISECONDS
    pending.left -= len(places)
    pending.cached += len(places) * done.cached
    if done.rows is None:
        error = done.error or NOT_A_NUMBER
        pending.errors.update(dict.fromkeys(places, error))
        return
    rows = done.rows[at]
    finite = np.asarray(np.isfinite(rows).all(axis=1))
    rows[~finite] = np.nan
    pending.rows[places] = rows
    bad = [place for place, fine in zip(places, finite.tolist(), strict=True) if not fine]
    pending.errors.update(dict.fromkeys(bad, NOT_A_NUMBER))
