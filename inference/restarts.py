"""Workers one after the other: the first, and another when one has died."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from inference.errors import InferenceError, WorkerLost
from inference.process import WorkerProcess
from inference.settings import InferenceSettings

log = structlog.get_logger(__name__)


class Restarts:
    """Starts workers, later and later while none of them answers anything."""

    def __init__(self, settings: InferenceSettings, module: str) -> None:
        self._settings = settings
        self._module = module
        self._vain = 0  # starts since the last answer

    def use(self, slot: str, source: str) -> None:
        """Start with another model from now on: a swap outlives the worker that made it."""
        models = {**self._settings.models, slot: source}
        self._settings = replace(self._settings, models=models)

    def answered(self) -> None:
        """Count from anew: the worker works."""
        self._vain = 0

    async def first(self) -> WorkerProcess:
        """Return a worker whose models are warm; raises `ModelError` or `WorkerLost`."""
        return await WorkerProcess.start(self._settings, self._module)

    async def next(self) -> WorkerProcess:
        """Return the next worker; raises when start upon start brought no answer."""
        reason: InferenceError = WorkerLost("the inference worker died again and again")
        delays = self._settings.restart_delays_s
        while self._vain < len(delays):
            self._vain += 1
            await asyncio.sleep(delays[self._vain - 1])
            try:
                return await self.first()
            except InferenceError as error:
                log.error(str(error), action="worker_not_started")
                reason = error
        raise reason
