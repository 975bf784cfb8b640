"""How long each step of the worker has been at what it does: one that hangs never says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from inference.recorder import ItemId, NoRecorder, Recorder


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that began and is not over."""

    name: str
    items: Collection[ItemId]  # that it is at
    began: float  # seconds, of the watch's clock
    patience: float = 1.0  # limits that it may take


class Watch:
    """Looks over steps, one of a name at a time; from any thread."""

    def __init__(
        self, recorder: Recorder | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`recorder` is told of every step, for whoever looks after the worker's end."""
        self._recorder = recorder or NoRecorder()
        self._clock = clock
        self._steps: dict[str, Step] = {}

    @contextmanager
    def over(
        self, name: str, items: Collection[ItemId] = (), patience: float = 1.0
    ) -> Iterator[None]:
        """Count the time of what is inside."""
        self._steps[name] = Step(name=name, items=items, began=self._clock(), patience=patience)
        self._recorder.begin(name, items)
        try:
            yield
        finally:
            self._recorder.end(name)
            del self._steps[name]

    def hung(self, limit_s: float) -> Step | None:
        """Return a step that has taken longer than the limit and is not over."""
        now = self._clock()
        for step in list(self._steps.values()):
            if now - step.began > limit_s * step.patience:
                return step
        return None
