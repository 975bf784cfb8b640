"""Parcels that are told not to have come."""

from __future__ import annotations

import pytest

from schemas.events import OrderEvent, OrderStatus
from schemas.results import HandOffReason, OrderFact, Outcome
from tests.unit.replying import BARE, DELIVERED, LATE, PLACED, SHIPPED, ask, order

OVERDUE = order("A1008", OrderStatus.SHIPPED, 30)


@pytest.mark.parametrize("event", [DELIVERED, LATE, OVERDUE])
@pytest.mark.parametrize(
    "text",
    [
        "My package says delivered but I have not received it",
        "it was marked as delivered yesterday, I didn't get it",
        "I never received my order",
        "my parcel still hasn't arrived",
        "it has not been delivered",
        "My coffee still isn't here. Where is it?",
        "我的猫砂怎么还没到，猫都急得转圈了",
        "I think my parcel is lost",
        "没收到货却显示已签收",
        "显示已签收，但是我没有收到",
        "快递一直没送到",
        "包裹丢了",
    ],
)
def test_what_has_not_come_but_should_have_goes_to_a_person(event: OrderEvent, text: str) -> None:
    for intent in ("order_status", "shipping_info"):
        draft = ask(text, {intent: 0.95}, [event])
        assert (draft.outcome, draft.reason) == (
            Outcome.HANDED_OFF,
            HandOffReason.ACTION_NEEDED,
        )
        assert OrderFact.STATUS in draft.facts
        assert event.order_id in draft.text
        assert "let us know" not in draft.text


@pytest.mark.parametrize("text", ["I haven't received my order yet", "还没收到货"])
def test_what_may_still_come_is_told(text: str) -> None:
    for event in (PLACED, SHIPPED, BARE):
        assert ask(text, {"order_status": 0.95}, [event]).outcome is Outcome.RESULT


@pytest.mark.parametrize(
    "text",
    ["where is my order", "has it been delivered", "I never got a tracking number", "到哪了"],
)
def test_a_question_is_no_word_of_a_missing_parcel(text: str) -> None:
    assert ask(text, {"order_status": 0.95}, [DELIVERED]).outcome is Outcome.RESULT


def test_said_to_be_delivered_is_the_one_that_was() -> None:
    text = "the app says delivered but I never got it"
    assert ask(text, {"order_status": 0.95}, [DELIVERED, PLACED]).order_id == "A1005"
    assert ask("没收到货", {"order_status": 0.95}, [DELIVERED, PLACED]).order_id == "A1001"
