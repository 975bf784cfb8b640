"""Facts stay the same however often, and in whichever order, their events arrive."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.draft import ReplyDraft
from inference.tasks.facts import (
    KEPT_LINES,
    OrderFacts,
    SessionView,
    digest_of_question,
    remember_order,
    remember_turn,
)
from inference.tasks.purchases import History, remember_purchase
from schemas.base import Language
from schemas.events import OrderEvent, OrderItem, OrderStatus, QueryEvent
from schemas.results import HandOffReason, Outcome

NOW = datetime(2025, 3, 5, tzinfo=UTC)


def order(
    order_id: str = "A1",
    status: OrderStatus = OrderStatus.PLACED,
    hours: int = 0,
    products: tuple[str, ...] = ("p1",),
    **details: object,
) -> OrderEvent:
    items = tuple(OrderItem(product_id=p, quantity=1, unit_price=Decimal(1)) for p in products)
    fields = {"order_id": order_id, "user_id": "u", "items": items, "currency": "EUR"}
    at = NOW + timedelta(hours=hours)
    return OrderEvent.model_validate({**fields, "status": status, "created_at": at, **details})


EVENTS = st.builds(
    order,
    order_id=st.sampled_from(["A1", "A2", "A3"]),
    status=st.sampled_from(list(OrderStatus)),
    hours=st.integers(0, 3),
    products=st.lists(st.sampled_from(["p1", "p2", "p3"]), min_size=1, max_size=3).map(tuple),
    carrier=st.sampled_from([None, "DHL", "SF"]),
    tracking=st.sampled_from([None, "T1"]),
    eta=st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
)


def facts_of(events: list[OrderEvent], limit: int = 20) -> list[OrderFacts]:
    facts: list[OrderFacts] = []
    for event in events:
        facts = remember_order(facts, event, limit)
    return facts


def history_of(events: list[OrderEvent], limit: int) -> History:
    history = History()
    for event in events:
        history = remember_purchase(history, event, limit)
    return history


@given(st.lists(EVENTS, max_size=8), st.data())
def test_order_and_number_of_arrivals_change_nothing(
    events: list[OrderEvent], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(events + events))
    assert facts_of(shuffled) == facts_of(events)
    assert history_of(shuffled, 50) == history_of(events, 50)


PLACED = [order(f"A{n}", hours=n % 3, products=("p1", "p2", "p3")[: 1 + n % 3]) for n in range(6)]


@given(st.permutations(PLACED * 2), st.integers(1, 8))
def test_a_full_history_is_the_same_in_whichever_order_purchases_come(
    events: list[OrderEvent], limit: int
) -> None:
    assert history_of(events, limit) == history_of(PLACED, limit)


@given(st.lists(EVENTS, max_size=8), st.data())
def test_a_limit_keeps_the_same_orders_in_whichever_order_they_come(
    events: list[OrderEvent], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(events))
    kept = [(f.order_id, f.status) for f in facts_of(shuffled, 2)]
    assert kept == [(f.order_id, f.status) for f in facts_of(events, 2)]


@given(st.lists(EVENTS, max_size=4))
def test_stored_facts_come_back(events: list[OrderEvent]) -> None:
    facts = facts_of(events)
    stored = json.loads(json.dumps([f.to_json() for f in facts]))
    assert [OrderFacts.from_json(one) for one in stored] == facts
    history = history_of(events, 10)
    assert History.from_json(json.loads(json.dumps(history.to_json()))) == history


def test_a_later_event_keeps_what_it_does_not_mention() -> None:
    shipped = order(status=OrderStatus.SHIPPED, hours=1, carrier="DHL", tracking="T1", eta=NOW)
    facts = facts_of([order(), shipped, order(status=OrderStatus.DELIVERED, hours=2)])
    assert [(f.status, f.carrier, f.tracking, f.eta) for f in facts] == [
        (OrderStatus.DELIVERED, "DHL", "T1", NOW)
    ]
    assert (facts[0].placed_at, facts[0].updated_at) == (NOW, NOW + timedelta(hours=2))
    assert not facts[0].is_open


def test_of_one_instant_the_later_state_counts() -> None:
    events = [order(status=OrderStatus.SHIPPED), order(status=OrderStatus.PLACED)]
    assert facts_of(events)[0].status is OrderStatus.SHIPPED


def test_a_huge_order_is_kept_in_short() -> None:
    facts = facts_of([order(products=tuple(f"p{i}" for i in range(500)))])[0]
    assert (len(facts.items), facts.lines) == (KEPT_LINES, 500)


def test_only_a_placed_order_is_a_purchase() -> None:
    events = [order(status=s, order_id=s.value) for s in OrderStatus]
    assert history_of(events, 50).products == ("p1",)
    back = order(order_id="B", items=[{"product_id": "x", "quantity": -1, "unit_price": 1}])
    assert history_of([back], 50).products == ()


def test_the_last_purchases_are_kept_and_repeats_of_later_orders_count() -> None:
    events = [order(f"A{n}", hours=n, products=("p1", f"q{n}")) for n in range(4)]
    history = history_of(events, 3)
    assert history == history_of(events, 4)
    assert history.products == ("p1", "q2", "p1", "q3")
    assert history.last == ("p1", "q3")
    assert len(history_of([order(products=tuple("abcdef"))], 4).products) == 4


def draft(reason: HandOffReason | None = None) -> ReplyDraft:
    outcome = Outcome.HANDED_OFF if reason else Outcome.RESULT
    return ReplyDraft(
        text="Hello",
        language=Language.ENGLISH,
        intent="payment",
        confidence=0.9,
        outcome=outcome,
        reason=reason,
    )


def query(number: int) -> QueryEvent:
    at = NOW + timedelta(minutes=number)
    return QueryEvent(query_id=f"q{number}", session_id="s", text=f"secret {number}", created_at=at)


def test_a_session_keeps_its_last_turns_once_each_and_no_words() -> None:
    session = SessionView()
    for number in [0, 1, 2, 3, 4, 2, 4]:
        session = remember_turn(session, query(number), draft(HandOffReason.UNSURE), limit=3)
    assert [turn.query_id for turn in session.turns] == ["q2", "q3", "q4"]
    stored = json.dumps(session.to_json())
    assert "secret" not in stored
    assert SessionView.from_json(json.loads(stored)) == session


def test_earlier_turns_leave_out_the_query_itself_and_what_is_long_ago() -> None:
    session = SessionView()
    for number in (0, 20, 40):
        session = remember_turn(session, query(number), draft())
    earlier = session.before(query(40), timedelta(minutes=30))
    assert [turn.query_id for turn in earlier] == ["q20"]


def test_a_question_is_the_same_in_another_width_case_or_punctuation() -> None:
    assert digest_of_question("Where is it？") == digest_of_question("WHERE  is it!")
    assert digest_of_question("where is it") != digest_of_question("where was it")
