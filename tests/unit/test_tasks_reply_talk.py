"""Replies within a conversation: follow-ups, repeats and doubts in a row."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from inference.tasks.draft import ReplyDraft
from inference.tasks.facts import SessionView, remember_turn
from inference.tasks.reply import Customer, Shop, compose
from schemas.events import OrderEvent
from schemas.results import HandOffReason
from tests.unit.replying import (
    BARE,
    LABELS,
    PAY,
    PLACED,
    SHIPPED,
    asking,
    facts,
    row,
    shop,
)


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


def test_what_was_taken_back_is_not_followed_up() -> None:
    turns = [("don't cancel my order", {"cancel_order": 0.9}), ("and when?", {"account": 0.3})]
    reasons = [draft.reason for draft in talk(turns, [PLACED], shop())]
    assert reasons == [HandOffReason.UNSURE, HandOffReason.UNSURE]
