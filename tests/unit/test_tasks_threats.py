"""Open threats, and words that only look like them."""

from __future__ import annotations

import time

import pytest

from inference.tasks import moderation
from inference.tasks.moderation_policy import read_policy
from inference.tasks.threats import threats
from schemas.base import Language
from schemas.results import Decision


@pytest.mark.parametrize(
    "text",
    [
        "I'm going to kill you if you sell me this again",
        "You will regret this, I am coming for you",
        "I will find you and make you pay",
        "i'll kill you",
        "I swear I'll slit your throat if you email me again",
        "im gonna beat you up",
        "we know where your kids go to school",
        "I know where you live",
        "we will burn your shop down",
        "tell him I will stab the seller",
        "我会去你店里打人",
        "弄死你们",
        "信不信我打死你",
        "砍死他",
        "我弄死你",
        "再敢骚扰我，我弄死你们",
        "去你店里打你",
        "我上门把你腿打断",
        "小心你全家的命",
        "杀了你",
    ],
)
def test_an_open_threat(text: str) -> None:
    assert threats(text)


@pytest.mark.parametrize(
    "text",
    [
        "the heat will kill you",
        "these heels kill my feet",
        "it'll kill you with sugar",
        "I will find you a better one",
        "I'm going to beat you to it",
        "I will shoot you an email",
        "this could kill you",
        "coming for you soon: a new edition",
        "I came for you",
        "去你店里打卡",
        "去你们店里砍价都没用",
        "到你店里杀价",
        "上次砍了你们一半价",
        "打死我也不买",
        "打死都不会再来",
        "笑死你们了",
        "帮你砍一刀",
        "蚊子杀手",
        "到你们店里打包",
        "我打了你们客服电话",
        "I hope this finds you well",
        "I know where you can get it cheaper",
        "I will break it in",
        "we are coming for dinner after you",
        "I am going to hurt my back",
        "他打死也不说",
        "it is going to kill you",
    ],
)
def test_no_threat(text: str) -> None:
    assert not threats(text)


def test_a_threat_is_held_with_its_place_whatever_the_model_says() -> None:
    text = "Bad kettle. I will kill you, seller."
    scores = moderation.read([0.1], ("threat",), text)
    judgement = moderation.decide(scores, Language.ENGLISH, read_policy())
    (reason,) = moderation.reasons(judgement.findings, text, {(0, 11): scores})
    assert judgement.decision is Decision.HOLD
    assert (reason.attribute, reason.score, reason.text) == ("threat", 1.0, "I will kill you")


@pytest.mark.parametrize("unit", ["i ", "i will ", "i just ", "打", "去你", "把你的店", "swear i "])
def test_no_text_takes_long(unit: str) -> None:
    began = time.process_time()
    threats(unit * 100_000)
    assert time.process_time() - began < 2
