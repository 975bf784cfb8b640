"""A shop that replies: its orders, what it knows, and questions to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from inference.tasks.draft import ReplyDraft
from inference.tasks.facts import OrderFacts, remember_order
from inference.tasks.intents import Intent
from inference.tasks.knowledge import KnowledgeBase
from inference.tasks.reading import ReplyPolicy
from inference.tasks.reply import Customer, Shop, compose
from schemas.base import Language
from schemas.events import OrderEvent, OrderItem, OrderStatus, QueryEvent
from schemas.reference import KnowledgeEntry

NOW = datetime(2025, 3, 5, 9, tzinfo=UTC)
LABELS = tuple(intent.value for intent in Intent)
EN, ZH = Language.ENGLISH, Language.CHINESE
TITLES = {("p0", EN): "Electric kettle", ("p0", ZH): "电热水壶"}


def row(scores: dict[str, float]) -> list[float]:
    rest = (1 - sum(scores.values())) / (len(LABELS) - len(scores))
    return [scores.get(label, rest) for label in LABELS]


def order(
    order_id: str, status: OrderStatus, days_ago: int = 1, lines: int = 1, **details: object
) -> OrderEvent:
    items = [OrderItem(product_id=f"p{n}", quantity=1, unit_price=Decimal(1)) for n in range(lines)]
    fields: dict[str, Any] = {"order_id": order_id, "status": status, "items": items, **details}
    at = NOW - timedelta(days=days_ago)
    return OrderEvent.model_validate(
        {**fields, "user_id": "u", "currency": "EUR", "created_at": at}
    )


def facts(events: Iterable[OrderEvent]) -> list[OrderFacts]:
    known: list[OrderFacts] = []
    for event in events:
        known = remember_order(known, event)
    return known


def entry(entry_id: str, question: str, answer: str, intent: str) -> KnowledgeEntry:
    return KnowledgeEntry(entry_id=entry_id, question=question, answer=answer, intent=intent)


def shop(*entries: KnowledgeEntry, **policy: Any) -> Shop:
    knowledge = KnowledgeBase()
    for one in entries:
        knowledge.put(one)
    return Shop(
        knowledge=knowledge,
        titles=lambda product, language: TITLES.get((product, language)),
        policy=ReplyPolicy(**policy),
    )


PAY = entry("pay", "How can I pay?", "By card or PayPal.", "payment")
ZAHL = entry("pay-zh", "怎么付款？", "支持微信和支付宝。", "payment")
MONEY = entry("money", "When do refunds arrive?", "Within 5 working days.", "refund_status")


def asking(text: str, number: int = 0, **fields: Any) -> QueryEvent:
    at = NOW + timedelta(seconds=number)
    given = {"query_id": f"q{number}", "session_id": "s", "user_id": "u", "created_at": at}
    return QueryEvent.model_validate({**given, "text": text, **fields})


def ask(
    text: str,
    scores: dict[str, float],
    orders: Sequence[OrderEvent] = (),
    at: Shop | None = None,
    **fields: Any,
) -> ReplyDraft:
    customer = Customer(orders=facts(orders))
    return compose(asking(text, **fields), row(scores), LABELS, customer, at or shop())


PLACED = order("A1001", OrderStatus.PLACED, 3, eta=NOW + timedelta(days=2))
SHIPPED = order(
    "A1002", OrderStatus.SHIPPED, 2, 3, carrier="DHL", tracking="JD12", eta=NOW + timedelta(days=1)
)
BARE = order("A1003", OrderStatus.SHIPPED)
LATE = order("A1004", OrderStatus.SHIPPED, 9, eta=NOW - timedelta(days=2))
DELIVERED = order("A1005", OrderStatus.DELIVERED)
CANCELLED = order("A1006", OrderStatus.CANCELLED, 400)
RETURNED = order("A1007", OrderStatus.RETURNED, 3)
