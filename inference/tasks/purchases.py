"""What a customer bought, as tables keep it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.events import OrderEvent, OrderStatus

READ = 50
"""The last products of a history that a model reads; all are counted."""


@dataclass(frozen=True, kw_only=True, order=True)
class Purchase:
    """The products of one order."""

    at: datetime
    order_id: str
    products: tuple[str, ...]  # each once


def stored_purchases(stored: Mapping[str, Any]) -> Iterator[tuple[datetime, Sequence[str]]]:
    """Yield time and products of each purchase of a history that `History.to_json` stored."""
    for at, _, products in stored["purchases"]:
        yield datetime.fromisoformat(at), products


@dataclass(frozen=True, kw_only=True)
class History:
    """The last purchases of one customer, oldest first."""

    purchases: tuple[Purchase, ...] = ()

    @property
    def products(self) -> tuple[str, ...]:
        """Return product ids, most recent last; one bought in two orders stands there twice."""
        return tuple(product for purchase in self.purchases for product in purchase.products)

    @property
    def last(self) -> tuple[str, ...]:
        """Return the products of the last order."""
        return self.purchases[-1].products if self.purchases else ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON knows."""
        return {
            "purchases": [[p.at.isoformat(), p.order_id, [*p.products]] for p in self.purchases]
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> History:
        """Return the history that `to_json` stored."""
        return cls(
            purchases=tuple(
                Purchase(at=datetime.fromisoformat(at), order_id=order_id, products=tuple(products))
                for at, order_id, products in stored["purchases"]
            )
        )


def remember_purchase(history: History, event: OrderEvent, limit: int = 50) -> History:
    """Return the history with `event`, if it says that something was bought.

    Only a placed order adds; lines that came back do not. A repeat changes nothing, and the
    order of arrival does not matter. Whole orders are kept, as few of the last as
    hold `limit` products together, so that there are fewer than two times `limit`; of a larger
    single order, its first `limit`.
    """
    if event.status is not OrderStatus.PLACED:
        return history
    bought = dict.fromkeys(line.product_id for line in event.items if line.quantity > 0)
    new = Purchase(at=event.created_at, order_id=event.order_id, products=tuple(bought)[:limit])
    known = {purchase.order_id: purchase for purchase in history.purchases}
    # Of two different tellings of one order, the earlier counts, in whichever order they come.
    known[new.order_id] = min(new, known.get(new.order_id, new))
    return History(purchases=_latest(sorted(known.values()), limit))


def _latest(purchases: list[Purchase], limit: int) -> tuple[Purchase, ...]:
    # With the order that fills the limit kept, none that is older can slip in later.
    start, products = len(purchases), 0
    while start and products < limit:
        start -= 1
        products += len(purchases[start].products)
    return tuple(purchases[start:])
