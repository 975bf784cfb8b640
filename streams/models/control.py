"""In every worker: takes in commands, lets them be done, and tells what came of each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime

import structlog

from inference.errors import InferenceError
from schemas.models import ModelAction, ModelChoice, ModelCommand, ModelEvent, ModelStep
from streams.models.slots import Slots
from streams.reference import Change

log = structlog.get_logger(__name__)

LOOK_S = 1.0
"""Between two looks whether a candidate is still there."""
LOST = "the inference worker ended, and the candidate with it: load it again"

Changed = Callable[[str], Awaitable[None]]
"""Told of a slot in which another model answers from now on."""


class ModelControl:
    """The last command of each slot, and how far this worker is with it."""

    def __init__(
        self, known: Collection[str], worker: str, say: Callable[[ModelEvent], None]
    ) -> None:
        """`known` are the slots that there are; `worker` is the name that events carry."""
        self._known = known
        self._worker = worker
        self._say = say
        self._wanted: dict[str, ModelCommand] = {}
        self._pending: dict[str, ModelCommand] = {}  # of those, what is not begun
        self._slots: Slots | None = None  # none until the models are there
        self._wake = asyncio.Event()

    async def apply(self, changes: Sequence[Change]) -> None:
        """Take in commands, in their order."""
        for key, command in changes:
            if command is None:  # from its next start on, this worker does as it is configured
                self._wanted.pop(key, None)
            elif command.action is ModelAction.REPORT:
                self._report(command)
            elif command.slot in self._known:
                self._take(command)
            else:
                log.warning("no such slot", action="model_command_left_out", slot=command.slot)

    def chosen(self) -> dict[str, ModelChoice]:
        """Return what is to be in use, by slot, where that was commanded."""
        return {slot: command.in_use for slot, command in self._wanted.items()}

    async def run(self, slots: Slots, changed: Changed, close_windows: Callable[[], None]) -> None:
        """Do commands, one after the other, until cancelled."""
        self._slots = slots
        self._pending = dict(self._wanted)
        while True:
            while self._pending:
                command = self._pending.pop(next(iter(self._pending)))
                await self._do(slots, command, changed)
                close_windows()
            for slot in slots.lost():
                if (last := self._wanted.get(slot)) is not None:
                    self._tell(last, ModelStep.LOST, LOST)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    def _take(self, command: ModelCommand) -> None:
        self._wanted[command.slot] = command
        if self._slots is None:
            return
        if (passed := self._pending.get(command.slot)) is not None:
            self._tell(passed, ModelStep.SUPERSEDED)
        self._pending[command.slot] = command
        self._tell(command, ModelStep.TAKEN)
        self._wake.set()

    async def _do(self, slots: Slots, command: ModelCommand, changed: Changed) -> None:
        try:
            step = await slots.settle(command)
        except InferenceError as error:
            self._tell(command, ModelStep.FAILED, str(error))
            return
        self._tell(command, step)
        if step is ModelStep.TOOK_OVER:
            await changed(command.slot)

    def _report(self, command: ModelCommand) -> None:
        if self._slots is not None:
            for slot in self._slots.shares():
                self._say(self._event(slot, command.command_id, ModelStep.DONE))

    def _tell(self, command: ModelCommand, step: ModelStep, reason: str | None = None) -> None:
        failed = step in (ModelStep.FAILED, ModelStep.LOST)
        log.log(
            logging.WARNING if failed else logging.INFO,
            "a command for models",
            action="model_command",
            slot=command.slot,
            asked=command.action.value,
            step=step.value,
            reason=reason,
        )
        self._say(self._event(command.slot, command.command_id, step, reason))

    def _event(
        self, slot: str, command_id: str, step: ModelStep, reason: str | None = None
    ) -> ModelEvent:
        if self._slots is None:
            raise RuntimeError("nothing can be said of models that are not there")
        view = self._slots.view(slot)
        return ModelEvent(
            command_id=command_id,
            slot=slot,
            worker=self._worker,
            step=step,
            reason=reason,
            in_use=view.in_use,
            candidate=view.candidate,
            share=view.share,
            hits=view.hits,
            misses=view.misses,
            produced_at=datetime.now(UTC),
        )
