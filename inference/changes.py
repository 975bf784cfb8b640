"""Models that come and go while the worker answers.

A model loads, and is measured, beside the one in use: in a thread of its own but for the forward
passes that are timed, which run between two batches. It takes over between two requests: what was
asked before is answered by the model that it was asked of, so that no request fails or mixes two.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from inference.budget import Stopwatch, measure_budget
from inference.errors import InferenceError, ModelError
from inference.frames import Action, Loaded, Wish
from inference.launch import batches_ahead, launch
from inference.models.base import Encoded, Model
from inference.runtime import Runtime
from inference.settings import InferenceSettings
from inference.shelves import Shelves, Version

Loader = Callable[[InferenceSettings], Mapping[str, Model]]
"""Loads all models and warms them up; raises `InferenceError` with a sentence for the user."""
MILLISECONDS = 1000.0


class Workshop:
    """Loads models and measures them; its numbers make every version's key its own."""

    def __init__(self, settings: InferenceSettings, load: Loader) -> None:
        self._settings = settings
        self._load = load
        self._numbers = itertools.count(1)

    @property
    def limit_s(self) -> float:
        """Until a model must be loaded and measured."""
        return self._settings.start_timeout_s

    def all(self) -> dict[str, Version]:
        """Return the configured models by slot; raises `InferenceError`."""
        loaded = self._load(self._settings)
        return {
            slot: self._version(slot, self._settings.models[slot], model, seconds_of(model))
            for slot, model in loaded.items()
        }

    def one(self, slot: str, source: str, runtime: Runtime) -> Version:
        """Return a model for a slot, measured where others run; raises `InferenceError`."""
        model = self._load(replace(self._settings, models={slot: source}))[slot]
        alone = seconds_of(model)
        return self._version(
            slot, source, model, lambda batch: runtime.between_batches(lambda: alone(batch))
        )

    def _version(self, slot: str, source: str, model: Model, seconds: Stopwatch) -> Version:
        bound_s = self._settings.batch_ms / MILLISECONDS / batches_ahead(model)
        tokens = self._settings.batch_tokens or measure_budget(model, seconds, bound_s)
        loaded = Loaded(
            version=f"{slot}#{next(self._numbers)}",
            source=source,
            model=replace(model.info, batch_tokens=tokens),
        )
        return Version(model=model, loaded=loaded)


def seconds_of(model: Model) -> Stopwatch:
    """Return what times the model's forward passes.

    On the CPU it is the calling thread's own time: a machine that was busy while a model loaded
    would else leave it small batches for as long as it runs.
    """
    clock = time.thread_time if model.info.device == "cpu" else time.perf_counter

    def seconds(batch: Sequence[Encoded]) -> float:
        began = clock()
        launch(model, batch)()
        return clock() - began

    return seconds


class Changes:
    """Does what is wished, one after the other."""

    def __init__(self, workshop: Workshop, shelves: Shelves, runtime: Runtime) -> None:
        self._workshop = workshop
        self._shelves = shelves
        self._runtime = runtime
        self._turn = asyncio.Lock()

    async def make(self, wish: Wish) -> Version:
        """Return the model in use, or the one that was loaded; raises `InferenceError`."""
        async with self._turn:
            try:
                return await self._make(wish)
            except InferenceError:
                raise
            except Exception as error:  # whatever it is, the models in use are as they were
                raise ModelError(f"a defect of the worker: {type(error).__name__}") from error

    async def _make(self, wish: Wish) -> Version:
        slot = wish.slot
        in_use = self._shelves.current(slot)
        if wish.source is not None:
            version = await self._load(slot, wish.source)
            check_kind(version.loaded, in_use.loaded)
            self._runtime.allow(version.key, version.loaded.model.batch_tokens)
            self._forget(self._shelves.bring(slot, version))
            if wish.action is Action.LOAD:
                return version
        if wish.action is Action.SWAP:
            self._forget(self._shelves.swap(slot))
        elif wish.action is Action.DROP:
            self._forget(self._shelves.clear(slot))
        else:
            raise ModelError(f"which model is to be loaded for {slot} is not said")
        return self._shelves.current(slot)

    async def _load(self, slot: str, source: str) -> Version:
        limit_s = self._workshop.limit_s
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.to_thread(self._workshop.one, slot, source, self._runtime)
        except TimeoutError as error:  # its thread may go on: nobody takes what it brings
            raise ModelError(f"{source!r} was not ready in {limit_s:g} s") from error

    def _forget(self, versions: Sequence[Version]) -> None:
        for version in versions:
            self._runtime.forget(version.key)


def check_kind(new: Loaded, old: Loaded) -> None:
    """Raise `ModelError` unless whoever reads one model's rows can read the other's."""
    if kind_of(new) != kind_of(old):
        raise ModelError(
            f"{new.source!r} cannot take the place of {old.source!r}: it gives {kind_of(new)}, and "
            f"{old.model.slot} needs {kind_of(old)}"
        )


def kind_of(loaded: Loaded) -> str:
    """Return what a model's rows are."""
    model = loaded.model
    if not model.labels:
        return f"vectors of {model.width} numbers"
    return "any number of labels" if model.has_many_labels else "labels"
