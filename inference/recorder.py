"""What the worker is at, in memory that its client can read after its end.

A process that is killed says nothing any more. So each step notes the items that it is about to
touch, and what is noted when the worker is gone was on its hands when it went.

    a slot for each step, of int64: 1 + number of items, or 0 when idle, or -1 for too many to note;
    then for each item its request's number and its place in it
"""

from __future__ import annotations

import itertools
import mmap
import os
from collections.abc import Collection

import numpy as np

ItemId = tuple[int, int]
"""A request's number, and the place of one of its items."""

STEPS = 8
MOST_ITEMS = 32_768
_SLOT = 1 + 2 * MOST_ITEMS  # numbers
_BYTES = STEPS * _SLOT * 8
IDLE, TOO_MANY = 0, -1


class Recorder:
    """Shared memory of a worker and its client."""

    def __init__(self, descriptor: int) -> None:
        """Map what `new_memory` made."""
        self._memory = mmap.mmap(descriptor, _BYTES)
        self._numbers = np.frombuffer(self._memory, dtype=np.int64).reshape(STEPS, _SLOT)
        self._slots: dict[str, int] = {}
        self._free = itertools.count()

    def begin(self, step: str, items: Collection[ItemId]) -> None:
        """Note what a step is about to touch; a step is one thread's, one at a time."""
        if step not in self._slots:
            self._slots[step] = next(self._free)
        slot = self._numbers[self._slots[step]]
        if len(items) > MOST_ITEMS:
            slot[0] = TOO_MANY
            return
        if items:
            slot[1 : 1 + 2 * len(items)] = np.array(list(items), dtype=np.int64).ravel()
        slot[0] = 1 + len(items)  # last: what is half written is not read

    def end(self, step: str) -> None:
        """Note that a step is over."""
        self._numbers[self._slots[step], 0] = IDLE

    def was_at(self) -> frozenset[ItemId] | None:
        """Return all that was on the worker's hands; None if nothing was, or nobody can know."""
        counts = self._numbers[:, 0]
        if (counts == IDLE).all() or (counts == TOO_MANY).any():
            return None
        found: set[ItemId] = set()
        for slot in self._numbers[counts > IDLE]:
            pairs = slot[1 : 2 * slot[0] - 1].reshape(-1, 2)
            found.update((int(request), int(place)) for request, place in pairs)
        return frozenset(found)


class NoRecorder(Recorder):
    """Notes nothing."""

    def __init__(self) -> None:
        """There is no memory to map."""

    def begin(self, step: str, items: Collection[ItemId]) -> None:
        """Do nothing."""

    def end(self, step: str) -> None:
        """Do nothing."""

    def was_at(self) -> frozenset[ItemId] | None:
        """Return None: nobody can know."""
        return None


def new_memory() -> int:
    """Return the descriptor of memory to record in; whoever asks for it closes it."""
    descriptor = os.memfd_create("shopstreams-steps")
    os.ftruncate(descriptor, _BYTES)
    return descriptor
