"""Orders that are told to have been cancelled, and those that are to be."""

from __future__ import annotations

import time

import pytest

from inference.tasks.cancelled import tells_of_cancelling
from schemas.results import HandOffReason, Outcome
from tests.unit.replying import PLACED, ask

TOLD = """
    why was my order cancelled?
    Why did you cancel my order
    why have they canceled it
    my order got cancelled
    my order has been cancelled without asking me
    has my order been cancelled
    is my order cancelled?
    is order A1001 already cancelled
    you cancelled my order
    you’ve just cancelled it, why
    who cancelled my order
    the seller cancelled it
    it was automatically cancelled yesterday
    为什么取消我的订单
    为什么取消订单了
    我的订单为什么取消了
    为啥要取消
    我的单子怎么被取消了
    怎么就取消了呢
    怎么把我的单取消了
    这个订单被取消了吗
    凭什么取消我的订单
    谁取消的
    显示已取消
    订单已取消？
    系统自动取消了我的订单
"""
MEANT = """
    cancel my order
    please cancel it
    I want it cancelled
    I want my order to be cancelled
    can my order be cancelled
    make sure my order is cancelled
    make sure it is cancelled
    my order has not been cancelled yet
    it still hasn't been cancelled
    why can't I cancel
    why don't you cancel my order
    how do I get my order cancelled
    you did not cancel my order
    I have got to cancel it
    取消我的订单
    帮我取消
    怎么取消
    怎么取消订单
    为什么不能取消
    为什么取消不了
    为什么我的订单取消不了
    怎么还没取消
    怎么取消不了
    还没被取消
    没显示取消，帮我取消
    显示取消失败
    订单可以取消吗
    我要取消
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("text", lines(TOLD))
def test_nothing_is_cancelled_for_who_tells_of_it(text: str) -> None:
    draft = ask(text, {"cancel_order": 0.99}, [PLACED])
    assert (draft.outcome, draft.reason) == (Outcome.HANDED_OFF, HandOffReason.NO_KNOWLEDGE)
    assert draft.facts == ()


@pytest.mark.parametrize("text", lines(MEANT))
def test_who_wants_to_cancel_can(text: str) -> None:
    draft = ask(text, {"cancel_order": 0.99}, [PLACED])
    assert draft.reason is HandOffReason.ACTION_NEEDED


@pytest.mark.parametrize(
    "unit", ["is my order ", "was really ", "why did the x ", "怎么取消", "被"]
)
def test_no_text_takes_long(unit: str) -> None:
    began = time.process_time()
    tells_of_cancelling(unit * 100_000)
    assert time.process_time() - began < 2
