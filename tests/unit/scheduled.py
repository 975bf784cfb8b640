"""Entries for a scheduler, and the batches that it makes of them."""

from __future__ import annotations

import math

from inference.lanes import LaneRule, Turns
from inference.messages import Lane
from inference.scheduler import Batch, Entry, Scheduler

BUDGET = 64
PATIENT = {lane: LaneRule(weight=1.0, patience_s=math.inf) for lane in Lane}
"""Lanes that are never overdue: a strict order."""


def entries(
    request: int,
    of_lengths: list[int],
    *,
    lane: Lane = Lane.REVIEWS,
    slot: str = "sentiment",
    at: float = 0.0,
    deadlines: list[float] | None = None,
) -> list[Entry]:
    return [
        Entry(
            slot=slot,
            lane=lane,
            length=length,
            request=request,
            place=place,
            queued_at=at,
            deadline=deadlines[place] if deadlines else math.inf,
            payload=None,
        )
        for place, length in enumerate(of_lengths)
    ]


def strict() -> Scheduler:
    return Scheduler(batch_tokens=BUDGET, capacity=1000, turns=Turns(PATIENT))


def put(scheduler: Scheduler, request: list[Entry]) -> None:
    first = request[0]
    scheduler.admit(first.request, len(request), lane=first.lane, slot=first.slot)
    assert not scheduler.put(request)


def scheduler_of(*requests: list[Entry]) -> Scheduler:
    scheduler = strict()
    for request in requests:
        put(scheduler, request)
    return scheduler


def drained(scheduler: Scheduler, now: float = 0.0) -> list[Batch]:
    batches = []
    while (batch := scheduler.next_batch(now)) is not None:
        batches.append(batch)
    return batches


def key(entry: Entry) -> tuple[int, int]:
    return entry.request, entry.place
