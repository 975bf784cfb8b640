"""Looks at the worker: on the clock at what has to be asked for, else when somebody asks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from faust.types import TP

from inference.messages import ModelInfo, Statistics
from streams.frontier import Frontier
from streams.telemetry.standing import PartitionStanding, Standing

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
LOOKS_AN_ASKING: Final = 5
"""The broker is asked where partitions end once in so many looks."""
LAGS_KEPT: Final = 6
"""A lag falls if it is less than so many askings ago: half a minute."""
ANSWER_LIMIT_S: Final = 5.0
_STEP_S: Final = 0.1

Ends = Callable[[Collection[TP]], Awaitable[Mapping[TP, int]]]
"""Asks the broker for the ends of partitions."""


class ServedModels(Protocol):
    """What is asked about models."""

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The models in use, by slot."""
        ...

    @property
    def statistics(self) -> Statistics:
        """How the inference worker stands."""
        ...

    @property
    def deaths(self) -> int:
        """How many inference workers ended by themselves."""
        ...

    @property
    def is_up(self) -> bool:
        """Whether one is there, its models warm."""
        ...

    @property
    def died(self) -> asyncio.Future[None]:
        """Done when nobody will be answered any more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a started worker consists of."""

    inference: ServedModels
    owned: Callable[[], Mapping[TP, Frontier]]
    oldest_s: Callable[[TP], float]
    is_rebalancing: Callable[[], bool]
    is_stopping: Callable[[], bool]
    ends: Ends


class Observer:
    """Knows how the worker stands."""

    def __init__(self, small_lag: int) -> None:
        self._small_lag = small_lag
        self._watched: Watched | None = None
        self._ends: Mapping[TP, int] = {}
        self._lags: deque[int] = deque(maxlen=LAGS_KEPT)
        self._loop_delay_s = 0.0

    def watch(self, watched: Watched) -> None:
        """Look at a worker that takes events from now on."""
        self._watched = watched

    def standing(self) -> Standing:
        """Return how things stand now."""
        watched = self._watched
        if watched is None:
            return Standing(loop_delay_s=self._loop_delay_s)
        inference = watched.inference
        return Standing(
            is_taking_events=True,
            is_stopping=watched.is_stopping(),
            is_rebalancing=watched.is_rebalancing(),
            partitions=tuple(
                self._partition(watched, tp, frontier) for tp, frontier in watched.owned().items()
            ),
            is_up=inference.is_up,
            is_dead=inference.died.done(),
            deaths=inference.deaths,
            statistics=inference.statistics,
            models=inference.models,
            loop_delay_s=self._loop_delay_s,
            lags=tuple(self._lags),
            small_lag=self._small_lag,
        )

    def _partition(self, watched: Watched, tp: TP, frontier: Frontier) -> PartitionStanding:
        end, is_open = self._ends.get(tp), frontier.is_open
        known = end is not None and is_open
        return PartitionStanding(
            tp=tp,
            is_open=is_open,
            in_flight=frontier.records_in_flight,
            oldest_s=watched.oldest_s(tp),
            lag=max(0, (end or 0) - frontier.position().offset) if known else None,
        )

    async def run(self) -> None:
        """Look on the clock, until cancelled."""
        while True:
            for _ in range(LOOKS_AN_ASKING):
                await self._measure_loop()
            await self._ask_for_ends()

    async def _measure_loop(self) -> None:
        loop, worst = asyncio.get_running_loop(), 0.0
        for _ in range(round(LOOK_S / _STEP_S)):
            due = loop.time() + _STEP_S
            await asyncio.sleep(_STEP_S)
            worst = max(worst, loop.time() - due)
        self._loop_delay_s = worst

    async def _ask_for_ends(self) -> None:
        watched = self._watched
        if watched is None or watched.is_rebalancing():
            return
        tps = [tp for tp, frontier in watched.owned().items() if frontier.is_open]
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                self._ends = await watched.ends(tps) if tps else {}
        except Exception as error:  # watching must not end what it watches
            log.debug("the ends are not known", action="ends_unknown", error=repr(error))
            return  # what was known stands; who needs the broker says more
        self._lags.append(self.standing().lag)
