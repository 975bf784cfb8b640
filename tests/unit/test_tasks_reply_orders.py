"""Replies about orders: of one's own, the one that is meant, and as it stands."""

from __future__ import annotations

import re

import pytest

from schemas.events import OrderEvent, OrderStatus
from schemas.results import HandOffReason, OrderFact, Outcome
from tests.unit.replying import (
    BARE,
    CANCELLED,
    DELIVERED,
    LATE,
    MONEY,
    PLACED,
    RETURNED,
    SHIPPED,
    ask,
    entry,
    shop,
)


@pytest.mark.parametrize(
    ("event", "english", "chinese"),
    [
        (
            PLACED,
            "We've received your order A1001 (Electric kettle); it hasn't shipped yet. "
            "It should arrive on 7 March.",
            "您的订单A1001（电热水壶）我们已经收到，还没有发货。预计3月7日送达。",
        ),
        (
            SHIPPED,
            "Your order A1002 (Electric kettle and 2 more) is on its way with DHL, tracking number "
            "JD12. It should arrive tomorrow.",
            "您的订单A1002（电热水壶等3种商品）已经发货，由DHL配送，运单号JD12。预计明天送达。",
        ),
        (
            BARE,
            "Your order A1003 (Electric kettle) is on its way.",
            "您的订单A1003（电热水壶）已经发货。",
        ),
        (
            LATE,
            "Your order A1004 (Electric kettle) is on its way. It was due on 3 March, so it's "
            "running late. I'm sorry about that.",
            "您的订单A1004（电热水壶）已经发货。原定3月3日送达，现在有些延误，非常抱歉。",
        ),
        (
            DELIVERED,
            "Your order A1005 (Electric kettle) was delivered yesterday. If you can't find it, let "
            "us know and a colleague will look into it.",
            "您的订单A1005（电热水壶）已于昨天送达。如果您没有收到，请告诉我们，同事会帮您核实。",
        ),
        (
            CANCELLED,
            "Your order A1006 (Electric kettle) was cancelled on 30 January 2024.",
            "您的订单A1006（电热水壶）已于2024年1月30日取消。",
        ),
        (
            RETURNED,
            "Your order A1007 (Electric kettle) was returned on 2 March.",
            "您的订单A1007（电热水壶）已于3月2日退货。",
        ),
    ],
)
def test_where_an_order_is(event: OrderEvent, english: str, chinese: str) -> None:
    for text, expected in (("Where is my order?", english), ("我的订单到哪了？", chinese)):
        draft = ask(text, {"order_status": 0.9}, [event])
        assert draft.text == expected
        assert (draft.outcome, draft.order_id) == (Outcome.RESULT, event.order_id)
        assert OrderFact.STATUS in draft.facts


@pytest.mark.parametrize("intent", ["cancel_order", "change_order"])
def test_only_what_has_not_shipped_goes_to_a_person(intent: str) -> None:
    for event in (PLACED, SHIPPED, DELIVERED, CANCELLED, RETURNED):
        draft = ask("please do it", {intent: 0.9}, [event])
        waits = event.status is OrderStatus.PLACED
        assert draft.outcome is (Outcome.HANDED_OFF if waits else Outcome.RESULT)
        assert draft.reason is (HandOffReason.ACTION_NEEDED if waits else None)
        assert draft.order_id == event.order_id
        assert event.order_id in draft.text


@pytest.mark.parametrize(
    ("intent", "orders", "expected"),
    [
        ("order_status", [PLACED, SHIPPED, DELIVERED], "A1002"),
        ("order_status", [DELIVERED, CANCELLED], "A1005"),
        ("cancel_order", [PLACED, SHIPPED], "A1001"),
        ("refund_status", [SHIPPED, RETURNED], "A1007"),
    ],
)
def test_the_order_that_is_meant_where_none_is_named(
    intent: str, orders: list[OrderEvent], expected: str
) -> None:
    assert ask("please", {intent: 0.9}, orders).order_id == expected


@pytest.mark.parametrize(
    "text",
    ["where is a1003", "订单A1003到哪了", "order no. A1003?", "#A1003", "where is it"],
)
def test_a_named_order_comes_first(text: str) -> None:
    draft = ask(text, {"order_status": 0.9}, [LATE, BARE, PLACED], order_id="A1003")
    assert draft.order_id == "A1003"
    assert "other open" not in draft.text


def test_a_tracking_number_names_its_order() -> None:
    assert ask("where is JD12", {"order_status": 0.9}, [SHIPPED, BARE]).order_id == "A1002"


@pytest.mark.parametrize(
    ("text", "order_id"),
    [
        ("where is order B2002?", None),
        ("订单B2002到哪里了", None),
        ("where is my order number 77120", None),
        ("单号：77120，到哪了", None),
        ("status #B-2002", None),
        ("where is my order", "B2002"),
    ],
)
@pytest.mark.parametrize(
    "intent", ["order_status", "cancel_order", "change_order", "refund_status"]
)
def test_an_order_that_is_not_ones_own_is_neither_told_nor_confirmed(
    text: str, order_id: str | None, intent: str
) -> None:
    draft = ask(text, {intent: 0.9}, [PLACED, RETURNED], order_id=order_id)
    assert (draft.outcome, draft.reason) == (Outcome.HANDED_OFF, HandOffReason.NO_ORDER)
    assert draft.order_id is None
    assert not re.search(r"2002|77120|A100", draft.text)


@pytest.mark.parametrize(
    "text", ["订单3天没发货了", "I paid 2000 for it, where is it", "我订单30天了"]
)
def test_other_numbers_are_not_orders(text: str) -> None:
    assert ask(text, {"order_status": 0.9}, [PLACED]).order_id == "A1001"


def test_nobody_is_told_of_orders_without_a_name() -> None:
    draft = ask("where is my order A1001", {"order_status": 0.9}, [PLACED], user_id=None)
    assert (draft.reason, draft.order_id) == (HandOffReason.NO_ORDER, None)
    assert "A1001" not in draft.text


def test_without_orders_the_knowledge_base_may_answer() -> None:
    track = entry("track", "How can I track my order?", "Under My orders.", "order_status")
    draft = ask("how do I track an order", {"order_status": 0.9}, at=shop(track))
    assert (draft.text, draft.entries) == ("Under My orders.", ("track",))
    assert ask("my order?", {"order_status": 0.9}).reason is HandOffReason.NO_ORDER


def test_a_refund_is_told_from_facts_and_knowledge_or_by_a_person() -> None:
    known = ask("when does my refund arrive", {"refund_status": 0.9}, [RETURNED], shop(MONEY))
    assert known.text.endswith("was returned on 2 March. Within 5 working days.")
    assert (known.entries, known.order_id) == (("money",), "A1007")
    unknown = ask("when does my refund arrive", {"refund_status": 0.9}, [RETURNED])
    assert unknown.reason is HandOffReason.NO_KNOWLEDGE
    no_return = ask("my refund?", {"refund_status": 0.9}, [DELIVERED], shop(MONEY))
    assert no_return.reason is HandOffReason.NO_KNOWLEDGE
