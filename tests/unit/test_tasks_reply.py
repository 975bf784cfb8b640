"""Replies: grounded, in the customer's language, and handed off where they would be a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.draft import ReplyDraft
from inference.tasks.facts import OrderFacts, SessionView, remember_order, remember_turn
from inference.tasks.intents import Intent
from inference.tasks.knowledge import KnowledgeBase
from inference.tasks.phrases import _CHINESE, _ENGLISH, Phrase
from inference.tasks.reading import ReplyPolicy, read_intent
from inference.tasks.reply import Customer, Shop, compose
from inference.tasks.spoken import short_title, spoken_day
from schemas.base import Language
from schemas.events import OrderEvent, OrderItem, OrderStatus, QueryEvent
from schemas.reference import KnowledgeEntry
from schemas.results import HandOffReason, OrderFact, Outcome

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


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        ("human_agent", HandOffReason.ASKED_FOR),
        ("complaint", HandOffReason.COMPLAINT),
        ("out_of_scope", HandOffReason.OUT_OF_SCOPE),
        ("warranty_repair", HandOffReason.NO_KNOWLEDGE),
    ],
)
def test_what_a_person_answers(intent: str, reason: HandOffReason) -> None:
    for text in ("please tell me about it", "请你说一下"):
        draft = ask(text, {intent: 0.9}, [PLACED], shop(PAY, ZAHL))
        assert (draft.outcome, draft.reason, draft.entries) == (Outcome.HANDED_OFF, reason, ())
        assert bool(re.search("[\u4e00-\u9fff]", draft.text)) is (text[0] == "请")


def test_below_the_threshold_a_person_answers() -> None:
    assert ask("pay?", {"payment": 0.49}, at=shop(PAY)).reason is HandOffReason.UNSURE
    assert ask("pay?", {"payment": 0.7}, at=shop(PAY)).reason is None
    strict = shop(PAY, thresholds={"payment": 0.8})
    assert ask("pay?", {"payment": 0.7}, at=strict).reason is HandOffReason.UNSURE


def test_two_intents_alike_go_to_a_person() -> None:
    draft = ask("pay or invoice", {"payment": 0.5, "invoice": 0.45}, at=shop(PAY))
    assert draft.reason is HandOffReason.UNSURE


def test_a_greeting_gives_way_to_what_comes_after_it() -> None:
    draft = ask("hi, where is it", {"greeting": 0.45, "order_status": 0.44}, [PLACED])
    assert (draft.intent, draft.order_id) == ("order_status", "A1001")


def test_a_likely_complaint_is_one() -> None:
    reading = read_intent(row({"payment": 0.49, "complaint": 0.48}), LABELS, ReplyPolicy())
    assert reading.intent == "complaint"


def test_small_talk_is_built_in_unless_the_shop_has_its_own() -> None:
    assert ask("hello", {"greeting": 0.9}).text == "Hello! What can I do for you?"
    assert ask("谢谢", {"thanks": 0.9}).text == "不客气！有问题随时找我。"
    own = entry("hi", "Hello", "Welcome to Kettle World!", "greeting")
    assert ask("hello", {"greeting": 0.9}, at=shop(own)).text == "Welcome to Kettle World!"


def test_the_very_question_is_answered_however_unsure_the_model_is() -> None:
    draft = ask("how can i pay", {"invoice": 0.2}, at=shop(PAY))
    assert (draft.text, draft.entries, draft.reason) == ("By card or PayPal.", ("pay",), None)


def test_the_language_of_the_question_is_that_of_the_answer() -> None:
    assert ask("怎么付款", {"payment": 0.9}, at=shop(PAY, ZAHL)).entries == ("pay-zh",)
    assert (
        ask("支付方式有哪些", {"payment": 0.9}, at=shop(PAY)).reason is HandOffReason.NO_KNOWLEDGE
    )
    lenient = shop(PAY, other_language=True)
    assert ask("支付方式有哪些", {"payment": 0.9}, at=lenient).entries == ("pay",)


def talk(
    turns: list[tuple[str, dict[str, float]]], orders: Sequence[OrderEvent], at: Shop
) -> list[ReplyDraft]:
    session, drafts = SessionView(), []
    for number, (text, scores) in enumerate(turns):
        query = asking(text, number)
        customer = Customer(session=session, orders=facts(orders))
        drafts.append(compose(query, row(scores), LABELS, customer, at))
        session = remember_turn(session, query, drafts[-1])
        again = Customer(session=session, orders=facts(orders))
        # The same message twice gets the same answer: it may come again after a crash.
        assert compose(query, row(scores), LABELS, again, at) == drafts[-1]
    return drafts


@pytest.mark.parametrize(
    ("first", "then", "scores"),
    [
        ("any news on A1002?", "and when?", {"out_of_scope": 0.6}),
        ("any news on A1002?", "when will it get here", {"shipping_info": 0.8}),
        ("订单A1002到哪了", "什么时候到？", {"shipping_info": 0.8}),
        ("订单A1002到哪了", "那还要多久", {"product_info": 0.2}),
        ("cancel A1002", "so when will it arrive?", {"order_status": 0.4}),
    ],
)
def test_a_follow_up_is_about_the_last_order(
    first: str, then: str, scores: dict[str, float]
) -> None:
    intent = "cancel_order" if first.startswith("cancel") else "order_status"
    drafts = talk([(first, {intent: 0.9}), (then, scores)], [SHIPPED, BARE], shop())
    assert (drafts[1].intent, drafts[1].order_id) == ("order_status", "A1002")


def test_a_follow_up_may_name_another_order() -> None:
    turns = [("where is A1002", {"order_status": 0.9}), ("what about A1003", {"account": 0.2})]
    assert talk(turns, [SHIPPED, BARE], shop())[1].order_id == "A1003"


def test_what_is_clear_by_itself_is_no_follow_up() -> None:
    turns = [("where is A1002", {"order_status": 0.9}), ("how do I pay?", {"payment": 0.9})]
    assert talk(turns, [SHIPPED], shop(PAY))[1].entries == ("pay",)


def test_a_short_word_without_a_question_is_no_follow_up() -> None:
    turns = [("where is A1002", {"order_status": 0.9}), ("hmm", {"account": 0.2})]
    assert talk(turns, [SHIPPED], shop())[1].reason is HandOffReason.UNSURE


def test_asked_a_third_time_a_person_takes_over() -> None:
    turns = [(text, {"payment": 0.9}) for text in ("how to pay", "How to pay?", "how to pay!!")]
    reasons = [draft.reason for draft in talk(turns, [], shop(PAY))]
    assert reasons == [None, None, HandOffReason.REPEATED]


def test_one_doubtful_answer_is_risked_but_not_two_in_a_row() -> None:
    turns = [("pay by card", {"payment": 0.6}), ("pay by cheque", {"payment": 0.6})]
    assert [d.reason for d in talk(turns, [], shop(PAY))] == [None, HandOffReason.UNSURE]
    between = [turns[0], ("pay by bank", {"payment": 0.9}), turns[1]]
    assert [d.reason for d in talk(between, [], shop(PAY))] == [None, None, None]


def test_row_and_labels_must_fit() -> None:
    with pytest.raises(ValueError, match="probabilities"):
        read_intent([0.5], LABELS, ReplyPolicy())
    assert read_intent([1.0], ["only"], ReplyPolicy()).clear


@given(st.text(min_size=1).filter(lambda t: t.replace("\x00", "").strip()), st.data())
def test_any_text_and_any_row_get_one_outcome(text: str, data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.floats(0.01, 1), min_size=19, max_size=19))
    scores = [weight / sum(weights) for weight in weights]
    orders = facts([PLACED, SHIPPED, RETURNED])
    draft = compose(asking(text), scores, LABELS, Customer(orders=orders), shop(PAY, MONEY))
    assert draft.text
    assert (draft.outcome is Outcome.HANDED_OFF) is (draft.reason is not None)
    assert 0 <= draft.confidence <= 1


def test_both_languages_say_everything_with_the_same_facts() -> None:
    def names(template: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(template) if name}

    assert set(_ENGLISH) == set(_CHINESE) == set(Phrase)
    for phrase in Phrase:
        assert names(_ENGLISH[phrase]) == names(_CHINESE[phrase]), phrase


def test_a_day_is_that_of_the_shop() -> None:
    night = datetime(2025, 3, 5, 20, tzinfo=UTC)
    china = timezone(timedelta(hours=8))
    assert spoken_day(night, NOW, EN, UTC) == "today"
    assert spoken_day(night, NOW, ZH, china) == "明天"


def test_a_long_title_is_cut_between_words() -> None:
    assert short_title("Kettle  \n one") == "Kettle one"
    assert short_title("word " * 30).endswith("word…")
    assert short_title("水" * 100) == "水" * 59 + "…"
