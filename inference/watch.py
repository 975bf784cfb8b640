"""How long each step of the worker has been at what it does: one that hangs never says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that began and is not over."""

    name: str
    requests: Collection[int]  # whose items it is at
    began: float  # seconds, of the watch's clock


class Watch:
    """Looks over steps, one of a name at a time; from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steps: dict[str, Step] = {}

    @contextmanager
    def over(self, name: str, requests: Collection[int] = ()) -> Iterator[None]:
        """Count the time of what is inside."""
        self._steps[name] = Step(name=name, requests=requests, began=self._clock())
        try:
            yield
        finally:
            del self._steps[name]

    def hung(self, limit_s: float) -> Step | None:
        """Return a step that has taken longer than the limit and is not over."""
        now = self._clock()
        for step in list(self._steps.values()):
            if now - step.began > limit_s:
                return step
        return None
