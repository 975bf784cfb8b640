"""Rows of one order gathered into the order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from schemas.events import OrderEvent

MAX_OPEN_ROWS = 100_000
"""Rows of one order need not be neighbours, but no file says when an order is complete: orders
are kept open until this many rows are held, and then the one that grew longest ago is sent. Rows
of an order that was sent make a second event of the same order."""

_ITEM_FIELDS = ("product_id", "quantity", "unit_price")

Fields = dict[str, Any]


def gather(rows: Iterable[Fields], max_open_rows: int = MAX_OPEN_ROWS) -> Iterator[Fields]:
    """Yield one order for all rows of an `order_id`, in the order of their last rows."""
    open_orders: OrderedDict[str, Fields] = OrderedDict()
    held = 0
    for row in rows:
        order_id = str(row["order_id"])
        item = {name: row.pop(name) for name in _ITEM_FIELDS if name in row}
        order = open_orders.setdefault(order_id, _of_order(row))
        order["items"].append(item)
        open_orders.move_to_end(order_id)
        held += 1
        while held > max_open_rows:
            _, oldest = open_orders.popitem(last=False)
            held -= len(oldest["items"])
            yield oldest
    yield from open_orders.values()


def _of_order(row: Fields) -> Fields:
    # What else a row has is of that row alone: a description, a line number.
    known = {name: value for name, value in row.items() if name in OrderEvent.model_fields}
    return known | {"items": []}


def with_status(order: Fields) -> Fields:
    """Return the order with a status: where it has none, placed, or returned if all came back."""
    if "status" in order:
        return order
    quantities = [item.get("quantity") for item in order["items"] if isinstance(item, dict)]
    numbers = [q for q in quantities if isinstance(q, int | float)]
    came_back = bool(numbers) and len(numbers) == len(quantities) and max(numbers) < 0
    return order | {"status": "returned" if came_back else "placed"}
