"""How a worker stands at one moment, and what keeps it from being ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from faust.types import TP

from inference.messages import ModelInfo, Statistics


@dataclass(frozen=True, kw_only=True)
class PartitionStanding:
    """One partition that this worker owns."""

    tp: TP
    is_open: bool  # records may come
    in_flight: int  # records taken in and not released
    oldest_s: float  # for how long the oldest of them has been in work
    lag: int | None  # offsets from the frontier to the end; None while the end is not known


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A worker; the defaults are those of one that is only starting."""

    is_taking_events: bool = False  # its start is over
    is_stopping: bool = False  # it finishes what is in flight
    is_rebalancing: bool = True  # what it owns is being decided
    partitions: tuple[PartitionStanding, ...] = ()
    is_up: bool = False  # an inference worker is there, its models warm
    is_dead: bool = False  # and none will be any more
    deaths: int = 0  # inference workers that ended by themselves
    statistics: Statistics = field(default_factory=Statistics)
    models: Mapping[str, ModelInfo] = field(default_factory=dict)  # in use, by slot
    loop_delay_s: float = 0.0  # worst of the last second
    lags: Sequence[int] = ()  # of all partitions together, oldest first
    small_lag: int = 0  # as much is no reason to worry

    @property
    def lag(self) -> int:
        """Of all partitions together, as far as it is known."""
        return sum(one.lag or 0 for one in self.partitions)

    def problems(self) -> list[str]:
        """Return what keeps the worker from being ready, a sentence each."""
        if self.is_stopping:
            return ["the worker is stopping"]
        found = []
        if not self.is_taking_events:
            found.append("the worker is starting: models, topics and reference data first")
        elif not self.is_up:
            found.append("the inference worker is starting again")
        if self.is_taking_events and self.is_rebalancing:
            found.append("the group is sharing out its partitions")
        shut = [one.tp for one in self.partitions if not one.is_open]
        if shut:
            found.append(f"{len(shut)} partitions are assigned and not restored yet")
        if self.lag > self.small_lag and not _falls(self.lags, self.lag):
            found.append(f"{self.lag} records wait, and they do not become fewer")
        return found


def _falls(lags: Sequence[int], now: int) -> bool:
    return bool(lags) and now < lags[0]
