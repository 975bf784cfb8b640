"""Few records at a time are gathered while others are being asked.

Where events come one by one a fetch brings two or three, and what a chunk costs by itself, here and
at the models, would be paid for each of them. So while a partition's chunks are being asked its
next records wait for each other. What is answered lets them go, and so do records enough. Where
little is asked nothing waits; and for what is tried again and again nobody waits for long.
"""

from __future__ import annotations

from collections import deque
from itertools import chain

from inference.intake import PORTION_ITEMS
from streams.chunks import MAX_CHUNK_RECORDS, Chunk

ASKED = 2
"""Chunks that a partition may be asking about: one that is computed, one that is prepared."""
ENOUGH_RECORDS = PORTION_ITEMS
"""More together saves the inference worker nothing."""
PATIENCE_S = 0.2
"""What is being asked for longer is no batch that runs, but a model that is tried again."""


class Gathering:
    """The chunks of one partition that nobody works on yet. A pure object."""

    def __init__(self, most: float = ASKED) -> None:
        """`most` is how many chunks are asked at a time before others wait; infinity is no bound.

        Chunks must come in the order of their offsets, and of one epoch.
        """
        self._most = most
        self._waiting: deque[Chunk] = deque()
        self._records = 0  # in them
        self._asked = 0
        self._is_hurried = False

    @property
    def waits(self) -> bool:
        """Whether records wait for others."""
        return bool(self._waiting)

    def add(self, chunk: Chunk) -> None:
        """Put a chunk behind those that wait."""
        self._waiting.append(chunk)
        self._records += len(chunk.records)

    def asked(self) -> None:
        """Take in that a chunk is being asked."""
        self._asked += 1

    def answered(self) -> None:
        """Take in that a chunk is asked no more."""
        self._asked -= 1

    def hurry(self) -> None:
        """Let all that wait go, whatever is being asked."""
        self._is_hurried = True

    def take(self) -> Chunk | None:
        """Return what is to be worked on now, as one chunk; None if it waits for more."""
        is_free = self._asked < self._most or self._records >= ENOUGH_RECORDS
        if not self._waiting or not (is_free or self._is_hurried):
            self._is_hurried = False
            return None
        taken = [self._waiting.popleft()]
        count = len(taken[0].records)
        while self._fits(taken[-1], count):
            taken.append(self._waiting.popleft())
            count += len(taken[-1].records)
        self._records -= count
        return taken[0] if len(taken) == 1 else _joined(taken)

    def _fits(self, last: Chunk, count: int) -> bool:
        """Whether the next chunk can go with `count` records, of which `last` are the last.

        Numbers have a gap where an earlier owner was done beyond its position.
        """
        if not self._waiting:
            return False
        after = self._waiting[0]
        return last.precedes(after) and count + len(after.records) <= MAX_CHUNK_RECORDS


def _joined(chunks: list[Chunk]) -> Chunk:
    """Return chunks whose numbers follow each other as one."""
    first = chunks[0]
    records = list(chain.from_iterable(chunk.records for chunk in chunks))
    return Chunk(tp=first.tp, epoch=first.epoch, records=records, first=first.first)
