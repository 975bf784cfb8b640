"""Wishes that are taken back, and those that only stand beside a "not"."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from inference.tasks.negated import is_taken_back
from schemas.events import OrderStatus
from schemas.results import HandOffReason, Outcome
from tests.unit.replying import LABELS, SHIPPED, ask, entry, order, shop

TAKEN_BACK: Mapping[str, str] = {
    "cancel_order": """
        please don't cancel my order
        I do not want to cancel my order
        dont cancel it
        Don’t cancel!
        never mind cancelling
        no need to cancel the order
        I no longer want to cancel
        i did not cancel my order
        I don't want my order to be cancelled
        I don't want A1001 cancelled
        I decided not to cancel
        please do not ever cancel my order
        I don't think I want to cancel it
        I'm not going to cancel
        hi, I would not like to cancel my order, thanks
        don't you dare cancel it
        不要取消
        请不要取消我的订单
        别取消
        别把我的订单取消了
        我不想取消订单
        先别取消
        不用取消了
        不需要帮我取消
        无需取消
        我没有取消订单
        千万别给我取消
        我不取消了
    """,
    "return_refund": """
        I don't want a refund
        I do not need to return it
        I won't be returning it
        I don't want to send it back
        no refund please
        I don't wanna return it
        forget about the return
        can you help instead of refunding me
        不想退货了
        不退了
        我不想要退款
        不用退款
        算了，不退货了
        退货不用了
        不打算退
        I won't be returning it, thanks
    """,
    "change_order": """
        please don't change the address
        I don't want the order changed
        不要改地址
        不改了
    """,
    "exchange_item": """
        I don't need an exchange
        I don't want to exchange it
        不用换货了
        不换了
    """,
    "order_status": """
        please don't ship it yet
        do not send my order
        先别发货
        暂时不要发货
        先不要给我寄
        麻烦先不发货
    """,
    "shipping_info": """
        please do not send it before Monday
    """,
}

MEANT: Mapping[str, str] = {
    "cancel_order": """
        why can't I cancel
        I don't like it, cancel it
        I don't need it anymore, please cancel
        I don't want it please cancel my order
        don't forget to cancel my order
        I can't cancel my order
        I don't know how to cancel
        you did not cancel my order
        why don't you cancel my order
        if I don't cancel today what happens
        cancel my order
        I do not see the cancel button
        It is not possible to cancel?
        my order has not been cancelled yet
        I don't want to wait, cancel it
        不要了，取消
        为什么不能取消
        取消不了
        怎么还没取消
        不想买了，取消订单
        我不要了取消吧
        the site will not cancel my order
        there is no cancel button
    """,
    "return_refund": """
        can I not return sale items
        I don't want it, I want to return it
        I don't want to pay to return it
        what happens if I don't return it
        I can return it without the box?
        they won't refund me
        I never got my refund
        I have not received my refund
        I don't want to keep it, refund me
        不喜欢，想退货
        不要了，退货
        不想要了退货
        不想要怎么退
        不要的话能退货吗
        不给退款
        你们为什么不退货
        退不了货
        可以不退货只退款吗
        不合适可以退吗
        不支持退货吗
        不想要退货怎么办理
        穿不了要退货
        退款什么时候到
        I have not returned it yet, when is the deadline
        don't forget my refund
    """,
    "change_order": """
        I don't live there anymore, change my address
        地址不对，改一下
    """,
    "order_status": """
        why have you not shipped it
        it has not been delivered
        you don't ship to Norway?
        my order never shipped
        怎么还不发货
        为什么别人都发货了
        怎么没发货
        不用发票
        一直不发货
    """,
    "exchange_item": """
        能换别的颜色吗
        特别想换货
    """,
    "account": """
        I don't want to cancel my account
        不想退出登录
    """,
}


def each(table: Mapping[str, str]) -> list[tuple[str, str]]:
    lines = ((intent, line) for intent, text in table.items() for line in text.splitlines())
    return [(intent, line.strip()) for intent, line in lines if line.strip()]


@pytest.mark.parametrize(("intent", "text"), each(TAKEN_BACK))
def test_a_wish_that_is_taken_back(intent: str, text: str) -> None:
    assert is_taken_back(intent, text)


@pytest.mark.parametrize(("intent", "text"), each(MEANT))
def test_a_not_elsewhere_takes_nothing_back(intent: str, text: str) -> None:
    assert not is_taken_back(intent, text)


@pytest.mark.parametrize(("intent", "text"), each(TAKEN_BACK))
def test_nothing_is_done_or_told_against_the_wish(intent: str, text: str) -> None:
    policy = entry("p", "How does it work?", "Like this.", intent)
    draft = ask(text, {intent: 0.99}, [order("B7", OrderStatus.PLACED)], shop(policy))
    assert (draft.outcome, draft.reason) == (Outcome.HANDED_OFF, HandOffReason.UNSURE)
    assert (draft.entries, draft.facts) == ((), ())


def test_another_wish_beside_it_is_answered() -> None:
    draft = ask("please don't cancel my order, where is it?", {"order_status": 0.9}, [SHIPPED])
    assert draft.outcome is Outcome.RESULT


@pytest.mark.parametrize(
    "unit",
    [
        "不要把",
        "别再再先",
        "别将我",
        "do not please ",
        "it to be ",
        "i do not want ",
        "never mind ",
    ],
)
def test_no_text_takes_long(unit: str) -> None:
    began = time.process_time()
    for intent in LABELS:
        is_taken_back(intent, unit * 100_000)
    assert time.process_time() - began < 2
