"""A sentence about an order names the facts that it states, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from inference.tasks.facts import OrderFacts
from inference.tasks.intents import Intent
from inference.tasks.order_answers import Speaker, answer_on_order
from schemas.base import Language
from schemas.events import OrderEvent, OrderItem, OrderStatus
from schemas.results import OrderFact

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)


def facts(status: OrderStatus, **details: Any) -> OrderFacts:
    event = OrderEvent(
        order_id="A1",
        user_id="u",
        status=status,
        items=(OrderItem(product_id="p", quantity=1, unit_price=Decimal(1)),),
        currency="EUR",
        created_at=NOW - timedelta(days=1),
        **details,
    )
    return OrderFacts.of(event)


def stated(intent: str, order: OrderFacts, title: str | None = None) -> tuple[OrderFact, ...]:
    return answer_on_order(
        intent,
        order,
        Speaker(
            language=Language.ENGLISH, now=NOW, zone=UTC, titles=lambda product, language: title
        ),
    ).facts


@pytest.mark.parametrize(
    ("intent", "order", "expected"),
    [
        (Intent.ORDER_STATUS, facts(OrderStatus.PLACED), {"status"}),
        (Intent.ORDER_STATUS, facts(OrderStatus.SHIPPED, eta=NOW), {"status", "eta"}),
        (
            Intent.ORDER_STATUS,
            facts(OrderStatus.SHIPPED, carrier="DHL", tracking="JD1"),
            {"status", "carrier", "tracking"},
        ),
        (Intent.ORDER_STATUS, facts(OrderStatus.DELIVERED), {"status", "updated_at"}),
        (Intent.REFUND_STATUS, facts(OrderStatus.RETURNED), {"status", "updated_at"}),
        (Intent.CANCEL_ORDER, facts(OrderStatus.SHIPPED), {"status"}),
    ],
)
def test_facts_that_are_stated(intent: str, order: OrderFacts, expected: set[str]) -> None:
    assert set(stated(intent, order)) == expected
    assert set(stated(intent, order, "Kettle")) == expected | {"items"}


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=1)])
def test_what_has_happened_did_not_happen_tomorrow(ahead: timedelta) -> None:
    order = replace(facts(OrderStatus.DELIVERED), updated_at=NOW + ahead)
    speaker = Speaker(language=Language.ENGLISH, now=NOW, zone=UTC, titles=lambda _, __: None)
    sentences = answer_on_order(Intent.ORDER_STATUS, order, speaker).sentences
    assert "was delivered today." in sentences[0]
