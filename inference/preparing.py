"""From an item to an entry that can ride."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inference.cache import Key
from inference.intake import Job
from inference.messages import HARMLESS, NOT_PREPARED, UNREADABLE, Item, ItemError
from inference.models.base import Encoded, Model
from inference.scheduler import Entry


class Prepared(NamedTuple):
    """What an entry carries: it rides with the model that encoded it."""

    model: Model
    encoded: Encoded


def unprepared(job: Job, place: int, key: Key | None = None) -> Entry:
    """Return an item of a request that does not ride, or not yet."""
    return Entry(
        slot=job.slot,
        lane=job.ask.lane,
        request=job.ask.request,
        place=place,
        queued_at=job.queued_at,
        deadline=job.deadlines[place],
        key=key,
        payload=job.ask.items[place],
    )


def prepared(entry: Entry, model: Model, encoded: Encoded) -> Entry:
    """Fill in what an entry needs to ride, and return it."""
    entry.length = encoded.length
    entry.payload = Prepared(model, encoded)
    return entry


def prepare_each(model: Model, items: Sequence[Item]) -> list[Encoded | ItemError]:
    """Return each item encoded, or why it is not to ride.

    Raises what the tokenizer raises if it fails on a harmless text too: no item is to blame then.
    """
    if not items:
        return []
    try:
        encoded = _prepare(model, items)
    except Exception:  # whatever a tokenizer raises, some item may be the cause
        if len(items) == 1:
            _prepare(model, [HARMLESS])
            return [NOT_PREPARED]
        middle = len(items) // 2
        return prepare_each(model, items[:middle]) + prepare_each(model, items[middle:])
    return [one if getattr(one, "is_readable", True) else UNREADABLE for one in encoded]


def _prepare(model: Model, items: Sequence[Item]) -> list[Encoded]:
    encoded = list(model.prepare(items))
    if len(encoded) != len(items):
        raise ValueError(f"{len(encoded)} of {len(items)} items were prepared")
    return encoded
