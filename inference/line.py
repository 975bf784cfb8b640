"""The client's line to whichever worker is there."""

from __future__ import annotations

import itertools

from inference.process import WorkerProcess


class Line:
    """Sends to the worker that is there; while one is started again, nothing."""

    def __init__(self) -> None:
        self.worker: WorkerProcess | None = None
        self._numbers = itertools.count(1)
        self.newest = 0  # number of the last request

    def number(self) -> int:
        """Return the number of a new request; each is greater than the one before."""
        self.newest = next(self._numbers)
        return self.newest

    def send(self, data: bytes) -> bool:
        """Send an encoded frame; return whether there is a worker to get it."""
        if self.worker is None:
            return False
        self.worker.send(data)
        return True
