"""From an item to an entry that can ride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.cache import Key
from inference.intake import Job
from inference.messages import Item
from inference.models.base import Encoded, Model
from inference.scheduler import Entry


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """What an entry carries: it rides with the model that encoded it."""

    model: Model
    encoded: Encoded


def unprepared(job: Job, place: int, key: Key | None = None) -> Entry:
    """Return an item of a request that does not ride, or not yet."""
    return Entry(
        slot=job.slot,
        lane=job.ask.lane,
        length=0,
        request=job.ask.request,
        place=place,
        queued_at=job.queued_at,
        deadline=job.deadlines[place],
        key=key,
        payload=None,
    )


def prepared(entry: Entry, model: Model, encoded: Encoded) -> Entry:
    """Return an entry that can ride."""
    return Entry(
        slot=entry.slot,
        lane=entry.lane,
        length=encoded.length,
        request=entry.request,
        place=entry.place,
        queued_at=entry.queued_at,
        deadline=entry.deadline,
        key=entry.key,
        payload=Prepared(model=model, encoded=encoded),
    )


def prepare_each(model: Model, items: Sequence[Item]) -> list[Encoded | None]:
    """Return the items encoded; None for one that the model's tokenizer fails on."""
    if not items:
        return []
    try:
        encoded = list(model.prepare(items))
        if len(encoded) != len(items):
            raise ValueError(f"{len(encoded)} of {len(items)} items were prepared")
    except Exception:  # whatever a tokenizer raises, some item may be the cause
        if len(items) == 1:
            return [None]
        middle = len(items) // 2
        return prepare_each(model, items[:middle]) + prepare_each(model, items[middle:])
    return encoded
