"""Rows to records: key and value. What is broken stays broken: the worker must cope with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final

import orjson

from inference.files.columns import Columns, require_columns
from inference.files.errors import ColumnError
from inference.files.readers import Row
from schemas.events import OrderItem
from schemas.topics import DEFAULT_TOPICS
from streams.replay.orders import Fields, gather, with_status

LABEL: Final = "label"
"""The column with the truth of a review: for the accuracy, and never sent."""

_LOOKED_AT_ROWS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What is sent of one event."""

    key: bytes | None
    value: bytes | None
    label: str | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    partition: int | None = None  # None: where its key belongs


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a file holds and what its events need."""

    topic_id: str
    needed: tuple[str, ...]  # fields without which the file cannot be this kind
    made_ids: tuple[str, ...]  # ids that are made where the file has none at all
    keys: tuple[str, ...]  # fields to take the key from, the first that is there
    timed: bool = True  # whether events say when they were created


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that is asked about one file."""

    kind: Kind
    columns: Columns = field(default_factory=Columns)
    created_at: str | None = None  # for files that do not say; None is now
    elsewhere: Collection[str] = ()  # fields that the worker finds by a path of its own


REVIEWS = Kind(
    topic_id="reviews",
    needed=("text",),
    made_ids=("review_id", "user_id", "product_id"),
    keys=("user_id",),
)
QUERIES = Kind(
    topic_id="queries",
    needed=("text",),
    made_ids=("query_id", "session_id"),
    keys=("user_id", "session_id"),
)
ORDERS = Kind(
    topic_id="orders",
    needed=("items", "currency"),
    made_ids=("order_id", "user_id"),
    keys=("user_id",),
)
CATALOGUE = Kind(
    topic_id="catalogue",
    needed=("title",),
    made_ids=("product_id",),
    keys=("product_id",),
    timed=False,
)
KNOWLEDGE = Kind(
    topic_id="knowledge",
    needed=("question", "answer"),
    made_ids=("entry_id",),
    keys=("entry_id",),
    timed=False,
)

KINDS: Final = {kind.topic_id: kind for kind in (REVIEWS, QUERIES, ORDERS, CATALOGUE, KNOWLEDGE)}

ITEM_FIELDS: Final = tuple(OrderItem.model_fields)
"""Of a product on a row of its own, which is gathered into its order."""
_ORDER_ROWS_NEED = ("product_id", "quantity", "unit_price", "currency")


def fields_of(kind: Kind) -> frozenset[str]:
    """Return what a file's columns can be: an event's fields, a review's label, a product's."""
    (spec,) = (spec for spec in DEFAULT_TOPICS if spec.id == kind.topic_id)
    more = {LABEL} if kind is REVIEWS else set(ITEM_FIELDS if kind is ORDERS else ())
    return frozenset(spec.event.model_fields) | more


Draft = Fields | bytes
"""An event on its way: its fields, or the bytes of a row that has none."""


def records(rows: Iterator[Row], recipe: Recipe) -> Iterator[Record]:
    """Yield the records of a file; raises `ColumnError` if it lacks what every event needs."""
    first = list(islice(rows, _LOOKED_AT_ROWS))
    seen = {name for row in first for name in recipe.columns.apply(row.fields or {})}
    in_rows = recipe.kind is ORDERS and "items" not in seen
    _check_mapping(first, recipe)
    _check_columns(first, seen, recipe, _ORDER_ROWS_NEED if in_rows else recipe.kind.needed)
    drafts: Iterable[Draft] = _drafts(chain(first, rows), seen, recipe)
    for stage in _stages(recipe.kind, in_rows):
        drafts = stage(drafts)
    return (_record(draft, recipe.kind) for draft in drafts)


def _check_mapping(first: list[Row], recipe: Recipe) -> None:
    """Raise where a mapped column is in no row, if all rows have the same: it is misspelt."""
    shapes = {tuple(row.fields) for row in first if row.fields is not None}
    if len(shapes) == 1:  # rows of JSON may leave out what they lack
        require_columns(recipe.columns, shapes.pop(), "the file")


def _check_columns(
    first: list[Row], seen: set[str], recipe: Recipe, needed: tuple[str, ...]
) -> None:
    missing = [name for name in needed if name not in seen and name not in recipe.elsewhere]
    objects = [row.fields for row in first if row.fields is not None]
    if not missing or not objects:
        return
    there = ", ".join(dict.fromkeys(name for fields in objects for name in fields))
    ways = " ".join(f"--map {name}=COLUMN" for name in missing)
    raise ColumnError(
        f"the file has no column {', '.join(missing)}; it has {there}. Say which it is with {ways}"
        + (", or --set currency=EUR" if "currency" in missing else "")
    )


def _drafts(rows: Iterable[Row], seen: set[str], recipe: Recipe) -> Iterator[Draft]:
    made = [name for name in recipe.kind.made_ids if name not in seen]
    untimed = recipe.kind.timed and "created_at" not in seen
    for row in rows:
        if row.fields is None:
            yield row.raw
            continue
        fields = recipe.columns.apply(row.fields)
        for name in made:
            fields[name] = f"row-{row.number}"
        if untimed:
            fields["created_at"] = recipe.created_at or datetime.now(UTC).isoformat()
        yield fields


def _stages(kind: Kind, in_rows: bool) -> list[Callable[[Iterable[Draft]], Iterator[Draft]]]:
    if kind is ORDERS:
        return [_gathered, _with_status] if in_rows else [_with_status]
    return [_unique] if kind is CATALOGUE else []


def _gathered(drafts: Iterable[Draft]) -> Iterator[Draft]:
    whole: list[Draft] = []

    def rows() -> Iterator[Fields]:
        for draft in drafts:
            if isinstance(draft, dict) and "order_id" in draft:
                yield draft
            else:
                whole.append(draft)

    for order in gather(rows()):
        yield order
        yield from whole
        whole.clear()
    yield from whole


def _with_status(drafts: Iterable[Draft]) -> Iterator[Draft]:
    for draft in drafts:
        has_items = isinstance(draft, dict) and isinstance(draft.get("items"), list)
        yield with_status(draft) if has_items and isinstance(draft, dict) else draft


def _unique(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Yield each product once: its first row, under the title that most of its rows have.

    Most, not last: a stock list's late rows say "damaged" or "?" where the title should be.
    Holds one row a product in memory.
    """
    items: dict[str, Fields] = {}
    titles: dict[str, Counter[str]] = {}
    for draft in drafts:
        if isinstance(draft, bytes) or "product_id" not in draft:
            yield draft
            continue
        product_id = str(draft["product_id"])
        items.setdefault(product_id, draft)
        if "title" in draft:
            titles.setdefault(product_id, Counter())[str(draft["title"]).strip()] += 1
    for product_id, item in items.items():
        if product_id in titles:
            item["title"] = titles[product_id].most_common(1)[0][0]
        yield item


def _record(draft: Draft, kind: Kind) -> Record:
    if isinstance(draft, bytes):
        return Record(key=None, value=draft)
    label = draft.pop(LABEL, None) if kind is REVIEWS else None
    keys = (draft[name] for name in kind.keys if draft.get(name) not in (None, ""))
    key = next(keys, None)
    return Record(
        key=None if key is None else str(key).encode(),
        value=_json(draft),
        label=None if label is None else str(label).strip(),
    )


def _json(fields: Fields) -> bytes:
    try:
        return orjson.dumps(fields)
    except TypeError:  # half a surrogate pair or a number over 64 bits: broken, yet to be sent
        return json.dumps(fields).encode()
