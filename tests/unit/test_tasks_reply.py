"""Replies: grounded, in the customer's language, and handed off where they would be a guess."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.reading import ReplyPolicy, read_intent
from inference.tasks.reply import Customer, compose
from schemas.results import HandOffReason, Outcome
from tests.unit.replying import (
    LABELS,
    MONEY,
    PAY,
    PLACED,
    RETURNED,
    SHIPPED,
    ZAHL,
    ask,
    asking,
    entry,
    facts,
    row,
    shop,
)


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


@pytest.mark.parametrize("intent", ["greeting", "thanks"])
def test_small_talk_takes_a_surer_model(intent: str) -> None:
    assert ask("you suck", {intent: 0.79}).reason is HandOffReason.UNSURE
    assert ask("hello my friends", {intent: 0.9}).reason is None
    assert (
        ask("hello my friends", {intent: 0.92}, at=shop(threshold=0.95)).reason
        is HandOffReason.UNSURE
    )


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
