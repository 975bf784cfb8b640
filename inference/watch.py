"""How long each step of the worker has been at what it does: one that hangs never says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watch:
    """Looks over steps, one of a name at a time; from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: dict[str, float] = {}

    @contextmanager
    def over(self, step: str) -> Iterator[None]:
        """Count the time of what is inside."""
        self._began[step] = self._clock()
        try:
            yield
        finally:
            del self._began[step]

    def hung(self, limit_s: float) -> str | None:
        """Return a step that has taken longer than the limit and is not over."""
        now = self._clock()
        for step, began in list(self._began.items()):
            if now - began > limit_s:
                return step
        return None
