"""A greeting in its usual words is one, whatever a model makes of it; with more words it is not."""

from __future__ import annotations

import pytest

from inference.tasks.intents import Intent
from inference.tasks.small_talk import LONGEST, small_talk
from schemas.results import HandOffReason, Outcome
from tests.unit.replying import ask


@pytest.mark.parametrize(
    "text",
    ["Good morning!", "hey there 👋", "hi", "Hi there.", "下午好", "您好！", "在吗？", "亲，在吗"],
)
def test_greetings(text: str) -> None:
    assert small_talk(text) is Intent.GREETING


@pytest.mark.parametrize(
    "text",
    [
        *(
            "thx",
            "Bye!",
            "OK, thank you!",
            "That's all, thanks",
            "谢谢您～",
            "好的，谢谢",
            "辛苦了",
        ),
        *(
            "OK",
            "ok.",
            "got it",
            "No, thanks",
            "好的",
            "好的呢",
            "嗯嗯",
            "哦，好的",
            "知道了",
            "没有了",
        ),
    ],
)
def test_thanks(text: str) -> None:
    assert small_talk(text) is Intent.THANKS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "hi, where is my order",
        "thanks for nothing",
        "早餐机有吗",
        "在哪",
        "you suck",
        "呵呵",
        "no",
        "yes",
        "ok where is it",
        "好的，什么时候到",
        "好了吗",
        "不行",
        "hi " * LONGEST,
    ],
)
def test_what_is_more_or_else(text: str) -> None:
    assert small_talk(text) is None


def test_it_is_answered_though_the_model_is_not_sure() -> None:
    draft = ask("good morning", {"greeting": 0.6})
    assert (draft.outcome, draft.intent) == (Outcome.RESULT, Intent.GREETING)
    draft = ask("Thank you, you've been very helpful. Bye!", {"thanks": 0.68})
    assert (draft.outcome, draft.intent) == (Outcome.RESULT, Intent.THANKS)
    assert ask("好的", {"thanks": 0.72}).outcome is Outcome.RESULT
    draft = ask("you suck", {"thanks": 0.79})
    assert (draft.outcome, draft.reason) == (Outcome.HANDED_OFF, HandOffReason.UNSURE)
