"""Several workers, one a device: who is asked has the least to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace

from inference.client import InferenceClient
from inference.errors import InferenceError, ModelError
from inference.messages import Answer, Item, Lane, ModelInfo, Statistics, Worked
from inference.process import WORKER
from inference.settings import InferenceSettings

CALL_CHARACTERS = 8
"""What an item costs beside its text: the marks around it."""


def connect(settings: InferenceSettings) -> InferenceClient | Fleet:
    """Return the client of one worker, or of as many as the settings say; neither is started."""
    return InferenceClient(settings) if settings.workers == 1 else Fleet(settings)


class Fleet:
    """Starts a worker a device and asks the one with the least outstanding tokens.

    Any of them that is gone for good ends the fleet: `died` is done then, with the reason. Models
    change in one worker after the other; meanwhile answers come from both models, each of which
    they name. A model that one worker cannot load, or lost when it ended, stands beside that in use
    in none. One that does not take over in every worker is given back in those where it did; where
    even that fails both answer on, as the error says: two models are better than none.
    """

    def __init__(self, settings: InferenceSettings, *, worker_module: str = WORKER) -> None:
        self._most = settings.max_characters
        self._clients = [
            InferenceClient(
                replace(settings, worker=number), worker_module=worker_module, lost=self._on_lost
            )
            for number in range(settings.workers)
        ]
        self._in_use = dict(settings.models)  # where models were loaded from, by slot
        self._beside: dict[str, str] = {}
        self._outstanding = [0] * settings.workers
        self._stack = AsyncExitStack()
        self._dropping: set[asyncio.Task[None]] = set()
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The loaded models by slot, as the first worker has them."""
        return self._clients[0].models

    @property
    def loaded(self) -> Mapping[str, ModelInfo]:
        """The models that stand beside those in use in every worker, by slot."""
        everywhere = set.intersection(*(set(client.loaded) for client in self._clients))
        return {slot: self._clients[0].loaded[slot] for slot in everywhere}

    @property
    def statistics(self) -> Statistics:
        """How all workers together stand; budgets are the first worker's."""
        each = [client.statistics for client in self._clients]
        return replace(
            each[0],
            waiting=_sum(one.waiting for one in each),
            cached_rows=sum(one.cached_rows for one in each),
            cached_bytes=sum(one.cached_bytes for one in each),
            hits=_sum(one.hits for one in each),
            misses=_sum(one.misses for one in each),
            worked=_worked(one.worked for one in each),
            device_bytes=_sum(one.device_bytes for one in each),
        )

    @property
    def deaths(self) -> int:
        """How many of the workers ended by themselves so far."""
        return sum(client.deaths for client in self._clients)

    @property
    def is_up(self) -> bool:
        """Whether every worker is there, its models warm."""
        return all(client.is_up for client in self._clients)

    @property
    def worker_pids(self) -> list[int | None]:
        """Process ids of the workers, for whoever watches them; None for one that starts again."""
        return [client.worker_pid for client in self._clients]

    async def __aenter__(self) -> Fleet:
        async with AsyncExitStack() as stack:
            # One after the other: two that load at once would measure each other.
            for client in self._clients:
                await stack.enter_async_context(client)
                client.died.add_done_callback(self._on_died)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._dropping:
            task.cancel()
        await self._stack.aclose()
        if not self.died.done():
            self.died.cancel()

    async def ask(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return one worker's rows for all items; raises as `InferenceClient.ask` does."""
        with self._least(items) as client:
            return await client.ask(slot, items, lane=lane, within_s=within_s)

    async def ask_loaded(
        self,
        slot: str,
        items: Sequence[Item],
        *,
        lane: Lane,
        within_s: Sequence[float] | None = None,
    ) -> Answer:
        """Return what the model says that one worker has loaded beside the one in use."""
        with self._least(items) as client:
            return await client.ask_loaded(slot, items, lane=lane, within_s=within_s)

    @contextmanager
    def _least(self, items: Sequence[Item]) -> Iterator[InferenceClient]:
        cost = outstanding_cost(items, self._most)
        at = least(self._outstanding, [client.is_up for client in self._clients])
        self._outstanding[at] += cost
        try:
            yield self._clients[at]
        finally:
            self._outstanding[at] -= cost

    async def load(self, slot: str, source: str) -> ModelInfo:
        """Load a model beside the one in use, in every worker or in none; raises `ModelError`."""
        try:
            model = await self._each(lambda client: client.load(slot, source))
            if slot not in self.loaded:
                raise ModelError(f"a worker ended while the others loaded the model of {slot}")
        except InferenceError:
            await self._drop_rest(slot)
            raise
        self._beside[slot] = source
        return model

    async def swap(self, slot: str) -> ModelInfo:
        """Use the loaded model in every worker or in none; raises `ModelError`."""
        took_over: list[InferenceClient] = []
        try:
            for client in self._clients:
                await client.swap(slot)
                took_over.append(client)
        except InferenceError as error:
            await self._give_back(slot, took_over, error)
            raise
        self._in_use[slot] = self._beside.pop(slot, self._in_use[slot])
        return self.models[slot]

    async def _give_back(
        self, slot: str, clients: Iterable[InferenceClient], reason: InferenceError
    ) -> None:
        """Use the model before again; raises `ModelError` where it cannot be had any more."""
        await self._drop_rest(slot)
        before, why = self._in_use[slot], None
        for client in clients:
            try:
                await client.swap(slot, before)
            except InferenceError as error:  # the others' is to be had nevertheless
                why = error
        if why is not None:
            raise ModelError(
                f"{reason}; and {before!r} cannot be had again where it was given up ({why}): two "
                f"models answer for {slot} until another swap brings one to all"
            ) from why

    async def drop(self, slot: str) -> ModelInfo:
        """Free what is loaded beside the models in use."""
        return await self._each(lambda client: client.drop(slot))

    async def _each(self, wish: Callable[[InferenceClient], Awaitable[ModelInfo]]) -> ModelInfo:
        models = [await wish(client) for client in self._clients]
        return models[0]

    def _on_lost(self, slot: str) -> None:
        task = asyncio.create_task(self._drop_rest(slot))
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)

    async def _drop_rest(self, slot: str) -> None:
        """Free what stands beside the models in use in some of the workers."""
        for client in self._clients:
            if slot in client.loaded:
                with suppress(InferenceError):  # it ended meanwhile, and what it had with it
                    await client.drop(slot)

    def _on_died(self, died: asyncio.Future[None]) -> None:
        if self.died.done() or died.cancelled():
            return
        if (reason := died.exception()) is not None:
            self.died.set_exception(reason)


def outstanding_cost(items: Sequence[Item], most: int) -> int:
    """Return what a call adds to a worker's work: characters that matter, in place of tokens."""
    return sum(
        CALL_CHARACTERS + min(most, len(item) if isinstance(item, str) else sum(map(len, item)))
        for item in items
    )


def least(outstanding: Sequence[int], up: Sequence[bool]) -> int:
    """Return which worker has the least to do; of several, the first.

    One that starts again is passed by while another is there: it has little to do, and no time.
    """
    return min(range(len(outstanding)), key=lambda at: (not up[at], outstanding[at]))


def _worked(each: Iterable[Mapping[str, Worked]]) -> Mapping[str, Worked]:
    total: dict[str, Worked] = {}
    for by_slot in each:
        for slot, worked in by_slot.items():
            total[slot] = total.get(slot, Worked()) + worked
    return total


def _sum(each: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for counts in each:
        total.update(counts)
    return total
