"""How the outcomes of one partition reach the broker, and what that promises.

A pipeline sends what leaves, and settles from time to time: afterwards the broker has all that
was sent, and the position with it (or, at least once, will soon). Either may raise:

- `DeliveryLost`: what was sent since the last settling counts for nothing; the partition begins
  again at its committed position.
- `DeliveryFenced`: the partition belongs to another worker; it is to be left alone.
- `OutcomeTooLarge`: a topic will never take it; the worker ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from faust.types import TP

from streams.position import Position
from streams.publisher import Publication
from streams.retries import again


class Delivery(Protocol):
    """The way out of one partition."""

    linger_s: float
    """How long something sent may wait for more before it is settled."""
    commits_itself: bool
    """Whether settling commits the position; else the engine's clock does."""

    async def start(self) -> None:
        """Become the only one who delivers for the partition."""
        ...

    async def send(self, publications: Iterable[Publication]) -> None:
        """Send more, behind all that was sent before."""
        ...

    async def settle(self, position: Position) -> Mapping[TP, int]:
        """Return when the broker has all that was sent: the last offsets by partition."""
        ...

    async def stop(self) -> None:
        """Give up what is not settled."""
        ...


class Publishing(Protocol):
    """What takes records to the broker."""

    async def publish(self, publications: Iterable[Publication]) -> Mapping[TP, int]:
        """Return when all are confirmed; raises `PublishError` otherwise."""
        ...


class AtLeastOnce:
    """Publishes at once, again after an error; the engine commits the position on a clock."""

    linger_s = 0.0
    commits_itself = False

    def __init__(self, publisher: Publishing) -> None:
        self._publisher = publisher
        self._last_offsets: dict[TP, int] = {}

    async def start(self) -> None:
        """Do nothing: the worker's one producer serves all partitions."""

    async def send(self, publications: Iterable[Publication]) -> None:
        """Publish until the broker has all."""
        publications = list(publications)
        self._last_offsets |= await again(lambda: self._publisher.publish(publications), "publish")

    async def settle(self, position: Position) -> Mapping[TP, int]:
        """Return the last offsets by partition."""
        last_offsets, self._last_offsets = self._last_offsets, {}
        return last_offsets

    async def stop(self) -> None:
        """Do nothing: an outcome that was sent is with the broker."""
