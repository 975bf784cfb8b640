"""The models of one worker: what is in use, what stands beside it, and how it becomes otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from inference.client import Inference
from inference.errors import ModelError
from inference.messages import Answer, Item, Lane, ModelInfo, Statistics
from inference.shadow import Shadow
from schemas.models import CONFIGURED, LoadedModel, ModelChoice, ModelCommand, ModelStep
from streams.errors import StartupError


class Changeable(Inference, Protocol):
    """What asks models that can be changed."""

    @property
    def loaded(self) -> Mapping[str, ModelInfo]:
        """The models beside those in use, by slot."""
        ...

    @property
    def statistics(self) -> Statistics:
        """How the inference worker stands."""
        ...

    async def ask_loaded(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return what the model beside it says."""
        ...

    async def load(self, slot: str, source: str) -> ModelInfo:
        """Put a model beside the one in use; raises `ModelError`."""
        ...

    async def swap(self, slot: str) -> ModelInfo:
        """Use it instead, and free the one that was in use."""
        ...

    async def drop(self, slot: str) -> ModelInfo:
        """Free it."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Here:
    """A model as this worker has it."""

    choice: ModelChoice
    info: ModelInfo

    def fits(self, wanted: ModelChoice) -> bool:
        """Return whether these are the weights that are wanted."""
        if wanted.hash is not None:
            return wanted.hash == self.info.hash
        return wanted.brought_by == self.choice.brought_by

    def told(self) -> LoadedModel:
        """Return what others are told of it."""
        info = self.info
        return LoadedModel(
            source=self.choice.source,
            name=info.name,
            hash=info.hash,
            labels=info.labels,
            device=info.device,
            dtype=info.dtype,
        )


@dataclass(kw_only=True)
class _Slot:
    in_use: _Here
    candidate: _Here | None = None
    share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class View:
    """How a slot stands."""

    in_use: LoadedModel
    candidate: LoadedModel | None
    share: float
    hits: int
    misses: int


class Slots:
    """Makes the models what a command says; one command at a time."""

    def __init__(
        self,
        client: Changeable,
        shadow: Shadow,
        configured: Mapping[str, str],
        chosen: Mapping[str, ModelChoice],
    ) -> None:
        """Begin with what was loaded: `configured` sources by slot, or those `chosen` instead.

        Raises `StartupError` where other weights were found than were chosen.
        """
        self._client = client
        self._shadow = shadow
        self._configured = configured
        self._slots: dict[str, _Slot] = {}
        for slot in client.models:
            choice = chosen.get(slot, ModelChoice(source=CONFIGURED))
            here = _Here(choice=choice, info=client.models[slot])
            if not here.fits(choice):
                raise StartupError(_other_weights(choice, here.info))
            self._slots[slot] = _Slot(in_use=here)

    def view(self, slot: str) -> View:
        """Return how a slot stands."""
        here, statistics = self._slots[slot], self._client.statistics
        return View(
            in_use=here.in_use.told(),
            candidate=here.candidate.told() if here.candidate else None,
            share=here.share,
            hits=statistics.hits.get(slot, 0),
            misses=statistics.misses.get(slot, 0),
        )

    def shares(self) -> dict[str, float]:
        """Return of each slot how much of its traffic is compared."""
        return {slot: here.share for slot, here in self._slots.items()}

    async def settle(self, command: ModelCommand) -> ModelStep:
        """Do what a command says; raises `InferenceError`, and then the model in use is as it was.

        The model in use changes between two batches.
        """
        self._compare(command.slot, 0.0)
        step = await self._use(command.slot, command.in_use)
        if command.candidate is None:
            await self._free(command.slot)
        else:
            step = await self._bring(command.slot, command.candidate) or step
        self._compare(command.slot, command.share)
        return step or ModelStep.DONE

    def lost(self) -> Iterator[str]:
        """Yield, once, the slots whose candidate ended with its process."""
        for slot, here in self._slots.items():
            if here.candidate is not None and slot not in self._client.loaded:
                here.candidate = None
                self._compare(slot, 0.0)
                yield slot

    async def _use(self, slot: str, wanted: ModelChoice) -> ModelStep | None:
        here = self._slots[slot]
        if here.in_use.fits(wanted):
            return None
        await self._bring(slot, wanted)
        await self._client.swap(slot)
        if here.candidate is not None:
            here.in_use, here.candidate = here.candidate, None
        return ModelStep.TOOK_OVER

    async def _bring(self, slot: str, wanted: ModelChoice) -> ModelStep | None:
        here = self._slots[slot]
        if here.candidate is not None and here.candidate.fits(wanted):
            return None
        info = await self._client.load(slot, self._source(slot, wanted))
        here.candidate = _Here(choice=wanted, info=info)
        if not here.candidate.fits(wanted):
            await self._free(slot)
            raise ModelError(_other_weights(wanted, info))
        return ModelStep.WARM

    async def _free(self, slot: str) -> None:
        if self._slots[slot].candidate is not None:
            self._slots[slot].candidate = None
            await self._client.drop(slot)

    def _source(self, slot: str, wanted: ModelChoice) -> str:
        return self._configured[slot] if wanted.source == CONFIGURED else wanted.source

    def _compare(self, slot: str, share: float) -> None:
        self._slots[slot].share = share
        self._shadow.compare(slot, share)


def _other_weights(choice: ModelChoice, found: ModelInfo) -> str:
    return (
        f"{choice.source!r} holds other weights here ({found.hash}) than the group uses for "
        f"{found.slot} ({choice.hash}): bring the same folder to every worker"
    )
