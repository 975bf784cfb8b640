"""A double of the inference client, for tests of what asks it."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from inference.errors import InferenceError, ModelError, UnknownSlot
from inference.messages import (
    EXPIRED,
    Answer,
    Floats,
    Item,
    ItemError,
    Lane,
    ModelInfo,
    Statistics,
)

FAILED = ItemError(code="model_failed", reason="the model failed on this text")
WIDTH = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """One call of `ask`."""

    slot: str  # the model that was asked
    items: tuple[Item, ...]  # what it was asked
    lane: Lane  # its urgency
    within_s: tuple[float, ...] | None = None  # by item: the time that it was given


class Unchangeable:
    """Of a double whose models stay as they are."""

    loaded: Mapping[str, ModelInfo] = MappingProxyType({})
    statistics = Statistics()

    async def ask_loaded(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Raise: there is none."""
        raise _unchangeable()

    async def load(self, slot: str, source: str) -> ModelInfo:
        """Raise: the double takes no other model."""
        raise _unchangeable()

    async def swap(self, slot: str) -> ModelInfo:
        """Raise: there is none to use."""
        raise _unchangeable()

    async def drop(self, slot: str) -> ModelInfo:
        """Raise: there is none to free."""
        raise _unchangeable()


def _unchangeable() -> ModelError:
    return ModelError("a double's models stay as they are")


class FakeInference:
    """Implements `Inference` without a model: scores are made of a hash of the item.

    Models can be loaded and swapped under any source but `bad`: their name is the source, and
    their hash is made of it.

    `failures` are raised by the next asks, one each; items that `is_poison` fail alone, and so do
    those with no time left; with `gate` cleared, asks wait until it is set.
    """

    def __init__(
        self,
        labels: Mapping[str, Sequence[str]],
        *,
        is_poison: Callable[[Item], bool] = lambda item: False,
        failures: Sequence[InferenceError] = (),
    ) -> None:
        self.models: dict[str, ModelInfo] = {
            slot: fake_model(slot, names) for slot, names in labels.items()
        }
        self.loaded: dict[str, ModelInfo] = {}
        self.statistics = Statistics()
        self.asked: list[Asked] = []
        self.arrived: asyncio.Queue[Asked] = asyncio.Queue()
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures = list(failures)
        self._is_poison = is_poison

    async def ask(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return made-up rows; raises what it was told to."""
        if slot not in self.models:
            raise UnknownSlot(f"no model is loaded as {slot!r}")
        given = None if within_s is None else tuple(within_s)
        asked = Asked(slot=slot, items=tuple(items), lane=lane, within_s=given)
        self.asked.append(asked)
        self.arrived.put_nowait(asked)
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        return await self.answer(asked)

    async def answer(self, asked: Asked) -> Answer:
        """Return what `ask` does: here made-up rows, and whatever else where it is overridden."""
        return self._answer(asked, self.models[asked.slot])

    async def ask_loaded(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return made-up rows of the model that was loaded; raises `ModelError` without one."""
        if slot not in self.loaded:
            raise ModelError(f"no model stands ready beside that of {slot}")
        return self._answer(Asked(slot=slot, items=tuple(items), lane=lane), self.loaded[slot])

    async def load(self, slot: str, source: str) -> ModelInfo:
        """Put a made-up model beside the one in use; raises `ModelError` for `bad`."""
        if source == "bad":
            raise ModelError("there is no model folder 'bad'")
        digest = hashlib.sha256(source.encode()).hexdigest()[:16]
        self.loaded[slot] = replace(self.models[slot], name=source, hash=digest)
        return self.loaded[slot]

    async def swap(self, slot: str) -> ModelInfo:
        """Use it; raises `ModelError` without one."""
        if slot not in self.loaded:
            raise ModelError(f"no model stands ready beside that of {slot}")
        self.models[slot] = self.loaded.pop(slot)
        return self.models[slot]

    async def drop(self, slot: str) -> ModelInfo:
        """Free it."""
        self.loaded.pop(slot, None)
        return self.models[slot]

    def _answer(self, asked: Asked, model: ModelInfo) -> Answer:
        rows = np.zeros((len(asked.items), model.width), dtype=np.float32)
        errors: dict[int, ItemError] = {}
        given = asked.within_s or [math.inf] * len(asked.items)
        for place, (item, within_s) in enumerate(zip(asked.items, given, strict=True)):
            if within_s <= 0:
                errors[place] = EXPIRED
            elif self._is_poison(item):
                errors[place] = FAILED
            rows[place] = np.nan if place in errors else fake_row(model, item)
        zeros = np.zeros(len(rows), dtype=np.float32)
        return Answer(rows=rows, errors=errors, queue_ms=zeros, compute_ms=zeros, model=model)


def fake_model(slot: str, labels: Sequence[str]) -> ModelInfo:
    """Return the description of a made-up model; without labels its rows are vectors."""
    return ModelInfo(
        slot=slot,
        name="fake",
        hash="0" * 16,
        labels=tuple(labels),
        width=len(labels) or WIDTH,
        device="cpu",
        dtype="float32",
    )


def fake_row(model: ModelInfo, item: Item) -> Floats:
    """Return the row of an item, ever the same: probabilities, or a unit vector without labels."""
    text = item if isinstance(item, str) else "\0".join(item)
    seed = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    numbers = np.random.default_rng(list(seed)).random(model.width) + 1e-6
    scale = numbers.sum() if model.labels else np.linalg.norm(numbers)
    row: Floats = (numbers / scale).astype(np.float32)
    return row
