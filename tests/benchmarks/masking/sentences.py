"""Sentences of customers with personal data in known places, and with what only looks like it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.masking import Kind, Span
from tests.benchmarks.masking.values import CHINESE, ENGLISH

_LEAD = {
    "zh": (
        "我的{name}是{value}，请尽快处理。",
        "{name}：{value}",
        "请联系我（{value}），谢谢",
        "麻烦记一下{name} {value}。",
    ),
    "en": (
        "My {name} is {value}, please hurry.",
        "{name}: {value}",
        "Here you are ({value}), thanks.",
        "Please note the {name} {value}.",
    ),
}
_NAMES = {
    Kind.PHONE: {"zh": "电话", "en": "number"},
    Kind.EMAIL: {"zh": "邮箱", "en": "e-mail"},
    Kind.CARD: {"zh": "卡号", "en": "card"},
    Kind.ID: {"zh": "身份证号", "en": "id"},
    Kind.IBAN: {"zh": "账号", "en": "account"},
    Kind.ADDRESS: {"zh": "收货地址", "en": "address"},
}
_FILLER = {
    "zh": (
        "订单{n8}已经{n1}天没有更新了。",
        "订单号{year}0{n1}1{n1}{n8}{n4}还没发货。",
        "{year}年{n1}月{n1}日买的，花了{n4}.{n1}0元。",
        "尺码{n2}，第{n1}次回购，给{n1}星。",
        "快递单号SF{n8}{n4}，显示还有{n1}公里。",
        "型号{n4}-{n2}，{n2}寸，{n4}毫安。",
    ),
    "en": (
        "Order {n8} has not moved for {n1} days.",
        "I paid ${n2}.{n1}0 on 0{n1}/1{n1}/{year} at 1{n1}:30.",
        "Size {n2}, my {n1}rd pair, {n1} stars.",
        "Tracking 1Z{n8}{n4} says {n1} stops away.",
        "Model {n4}-{n2}, {n4} mAh, version {n1}.{n1}.{n2}.",
        "Only {n2} of {n4} pieces arrived between 2{n1} and {n2} May {year}.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A text, and where its personal data is."""

    text: str
    form: str  # what was drawn; empty where there is none
    spans: tuple[Span, ...]


def sentences(count: int, seed: int) -> Iterator[Sentence]:
    """Yield `count` sentences of each form and language, and as many without any."""
    draw = random.Random(seed)
    for language, forms in (("zh", CHINESE), ("en", ENGLISH)):
        for form, (kind, value) in forms.items():
            for _ in range(count):
                yield _with(draw, language, f"{form}, {language}", kind, value(draw))
                yield Sentence(text=_filler(draw, language), form="", spans=())


def _with(draw: random.Random, language: str, form: str, kind: Kind, value: str) -> Sentence:
    lead = draw.choice(_LEAD[language]).replace("{name}", _NAMES[kind][language])
    before, after = lead.split("{value}")
    filler = _filler(draw, language)
    gap = " " if language == "en" else ""
    head = (filler + gap if draw.random() < 0.5 else "") + before
    after = after or gap or "，"  # digits beside digits would be one number
    tail = after + (gap + _filler(draw, language) if draw.random() < 0.5 else "")
    span = Span(start=len(head), end=len(head) + len(value), kind=kind)
    return Sentence(text=head + value + tail, form=form, spans=(span,))


def _filler(draw: random.Random, language: str) -> str:
    return draw.choice(_FILLER[language]).format(
        n1=draw.randint(1, 9),
        n2=draw.randint(10, 99),
        n4=draw.randint(1000, 9999),
        n8=draw.randint(10_000_000, 99_999_999),
        year=draw.randint(2019, 2026),
    )
