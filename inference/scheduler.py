"""Which items ride in the next batch.

A pure object: no clock, no I/O, no lock. The worker's device asks for a batch whenever it is
free; nothing waits for a timer. A batch holds items of one model and of similar length, as many
as a budget of padded tokens takes (longest item times their number); the most urgent lane gives
the first item, its oldest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inference.errors import QueueFull
from inference.messages import Lane

BUCKET_TOKENS = 16
"""Width of a length bucket: items of one bucket waste less than this much padding each."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One item in the queue."""

    slot: str  # the model that it asks
    lane: Lane
    length: int  # padded-token cost when it rides alone
    request: int  # the request that it belongs to
    place: int  # its place in the request
    queued_at: float  # seconds, of the caller's clock
    payload: Any  # what the model prepared


class Scheduler:
    """A bounded queue of entries, by lane and model."""

    def __init__(self, *, batch_tokens: int, capacity: int) -> None:
        self._batch_tokens = batch_tokens
        self._capacity = capacity
        self._queues: dict[tuple[Lane, str], dict[int, deque[Entry]]] = {}
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def admit(self, entries: Iterable[Entry]) -> None:
        """Queue the entries of one request, all or none; raises `QueueFull`."""
        entries = list(entries)
        if self._waiting + len(entries) > self._capacity:
            raise QueueFull(f"{self._waiting} items wait, and {self._capacity} may")
        for entry in entries:
            buckets = self._queues.setdefault((entry.lane, entry.slot), {})
            buckets.setdefault(entry.length // BUCKET_TOKENS, deque()).append(entry)
        self._waiting += len(entries)

    def cancel(self, request: int) -> None:
        """Drop what still waits of a request."""
        for buckets in self._queues.values():
            for number, queue in list(buckets.items()):
                kept = deque(entry for entry in queue if entry.request != request)
                self._waiting -= len(queue) - len(kept)
                _replace(buckets, number, kept)

    def next_batch(self) -> list[Entry]:
        """Return the items of the next batch, none if none wait.

        The oldest item of the most urgent lane is in it, and with it those of its lane and model
        whose lengths are nearest. One item over the budget rides alone.
        """
        waiting = [place for place, buckets in self._queues.items() if buckets]
        if not waiting:
            return []
        lane = min(lane for lane, _ in waiting)
        _, slot, seed = min(
            (queue[0].queued_at, slot, number)
            for place_lane, slot in waiting
            if place_lane is lane
            for number, queue in self._queues[lane, slot].items()
        )
        return self._fill(self._queues[lane, slot], seed)

    def _fill(self, buckets: dict[int, deque[Entry]], seed: int) -> list[Entry]:
        batch: list[Entry] = []
        longest = 0
        for number in sorted(buckets, key=lambda bucket: abs(bucket - seed)):
            queue = buckets[number]
            while queue:
                wider = max(longest, queue[0].length)
                if batch and wider * (len(batch) + 1) > self._batch_tokens:
                    break
                longest = wider
                batch.append(queue.popleft())
            _replace(buckets, number, queue)
        self._waiting -= len(batch)
        return batch


def _replace(buckets: dict[int, deque[Entry]], number: int, queue: deque[Entry]) -> None:
    if queue:
        buckets[number] = queue
    else:
        del buckets[number]
