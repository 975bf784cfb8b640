"""Which of the customer's own orders a message is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inference.tasks.facts import OrderFacts
from inference.tasks.intents import Intent
from schemas.events import OrderStatus, QueryEvent

_SAID_AT_LEAST: Final = 4
_SHAPED_AT_LEAST: Final = 6
"""Shorter numbers are amounts, sizes and years as often as orders."""

_OPEN: Final = frozenset({OrderStatus.PLACED, OrderStatus.SHIPPED})
_FITTING: Final[dict[str, frozenset[OrderStatus]]] = {
    Intent.REFUND_STATUS: frozenset({OrderStatus.RETURNED, OrderStatus.CANCELLED}),
    Intent.CANCEL_ORDER: frozenset({OrderStatus.PLACED}),
    Intent.CHANGE_ORDER: frozenset({OrderStatus.PLACED}),
}
"""What a customer who names no order can only mean; elsewhere, what is under way."""

_TOKEN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_SAID_TO_BE_ONE = re.compile(
    r"(?:\border(?:\s*(?:number|no\.?|id))?|订单(?:编号|号码|号)?|单号)\s*(?:is|是|为)?\s*[:：#]?\s*"
    r"([A-Za-z0-9_-]*\d[A-Za-z0-9_-]*)(?![A-Za-z0-9_-]|\s*(?:[天个件元块点月日年]|days?\b|weeks?\b))",
    re.IGNORECASE,
)
_HASHED = re.compile(r"#\s?([A-Za-z0-9_-]*\d[A-Za-z0-9_-]{2,})")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """What a message says of orders."""

    own: OrderFacts | None = None  # the customer's own order that it names
    unknown: bool = False  # it names an order that is not among the customer's own


def mentioned(query: QueryEvent, orders: Sequence[OrderFacts]) -> Mention:
    """Return the order that the message names: in its words first, then in `order_id`."""
    said = {_plain(number) for number in _SAID_TO_BE_ONE.findall(query.text)}
    said.update(_plain(number) for number in _HASHED.findall(query.text))
    for order in orders:
        if _plain(order.order_id) in said or _names(query.text, order):
            return Mention(own=order)
    if any(len(number) >= _SAID_AT_LEAST for number in said) or _looks_own(query.text, orders):
        return Mention(unknown=True)
    if query.order_id is None:
        return Mention()
    own = next((order for order in orders if _same(order.order_id, query.order_id)), None)
    return Mention(own=own, unknown=own is None)


def _names(text: str, order: OrderFacts) -> bool:
    return any(
        re.search(rf"(?<![A-Za-z0-9]){re.escape(number)}(?![A-Za-z0-9])", text, re.IGNORECASE)
        for number in (order.order_id, order.tracking)
        if number and (len(number) >= _SAID_AT_LEAST or not number.isdigit())
    )


def _looks_own(text: str, orders: Sequence[OrderFacts]) -> bool:
    """Whether a word looks like the customer's order numbers without being one of them."""
    shapes = {_shape(order.order_id) for order in orders}
    tokens = (token for token in _TOKEN.findall(text) if len(token) >= _SHAPED_AT_LEAST)
    return any(_shape(token) in shapes for token in tokens if any(map(str.isdigit, token)))


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(order_id: str) -> str:
    return order_id.strip().lstrip("#").casefold()


def _shape(number: str) -> str:
    """Return "AA-99999" for "SO-10023": what looks like an own order's number may be one."""
    return re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", number.upper()))


def most_likely(orders: Sequence[OrderFacts], intent: str) -> OrderFacts | None:
    """Return the order that is meant where none is named: the latest that fits the intent."""
    if not orders:
        return None
    fitting = [order for order in orders if order.status in _FITTING.get(intent, _OPEN)]
    fitting = fitting or [order for order in orders if order.is_open] or list(orders)
    return max(fitting, key=lambda order: (order.placed_at, order.order_id))


def last_delivered(orders: Sequence[OrderFacts]) -> OrderFacts | None:
    """Return the order that came last."""
    delivered = [order for order in orders if order.status is OrderStatus.DELIVERED]
    return max(delivered, key=lambda order: (order.updated_at, order.order_id), default=None)


def other_open(orders: Sequence[OrderFacts], chosen: OrderFacts) -> int:
    """Return how many more orders are under way."""
    return sum(order.is_open and order.order_id != chosen.order_id for order in orders)
