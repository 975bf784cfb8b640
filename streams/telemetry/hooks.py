"""Where a pipeline says what it does: the only thing that it knows of metrics and traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from faust.types import TP

from inference.messages import Answer
from streams.chunks import Chunk, Record
from streams.outgoing import Stamp
from streams.position import Position
from streams.publisher import Headers, Publication
from streams.telemetry.context import carried

Released = Sequence[tuple[Stamp, Sequence[int]]]
"""Records that leave together: the stamps of their chunks, and their places in those."""


class PartitionSignals(Protocol):
    """Told by one pipeline, from its opening to its end; never for a record alone but where noted.

    What was sent counts once it is settled: a pipeline that ends before that has a successor.
    """

    def taken(self, chunk: Chunk, stamp: Stamp) -> None:
        """Note that a chunk was decoded and prepared."""
        ...

    def answered(self, stamp: Stamp, answer: Answer) -> None:
        """Note what the model said to records of one chunk."""
        ...

    def buried(self, record: Record, code: str) -> None:
        """Note that a record became a dead letter; once for each, they are few."""
        ...

    def headers(self, record: Record, stamp: Stamp) -> Headers:
        """Return the headers of the outcome of a record that has headers."""
        ...

    def sent(self, released: Released, outcomes: Sequence[Publication]) -> None:
        """Note the outcomes that leave together, and of which records they are."""
        ...

    def settled(self, position: Position, took_s: float) -> None:
        """Note that the broker has all that was sent, and how long that took."""
        ...


class Signals(Protocol):
    """Where every pipeline gets its own."""

    def partition(self, tp: TP, task: str) -> PartitionSignals:
        """Return what a new pipeline of the partition tells."""
        ...


class Silent:
    """Tells nobody; outcomes still carry the trace that their event came with."""

    def partition(self, tp: TP, task: str) -> PartitionSignals:
        """Return itself: it keeps nothing."""
        return self

    def taken(self, chunk: Chunk, stamp: Stamp) -> None:
        """Do nothing."""

    def answered(self, stamp: Stamp, answer: Answer) -> None:
        """Do nothing."""

    def buried(self, record: Record, code: str) -> None:
        """Do nothing."""

    def headers(self, record: Record, stamp: Stamp) -> Headers:
        """Return the record's own trace context."""
        return carried(record.headers)

    def sent(self, released: Released, outcomes: Sequence[Publication]) -> None:
        """Do nothing."""

    def settled(self, position: Position, took_s: float) -> None:
        """Do nothing."""


SILENT: Final = Silent()
