"""Which language a text is answered in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.language import guess_language, language_of_tag
from schemas.base import Language

EN, ZH = Language.ENGLISH, Language.CHINESE


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [
        ("Where is my order?", None, EN),
        ("我的快递到哪了", None, ZH),
        ("这个kettle怎么样", None, ZH),
        ("iPhone 15 Pro Max 256GB 有货吗", None, ZH),
        ("请问Nike Air Force 1 Low White Black Shadow有36码吗", None, ZH),
        ("The 电饭煲 I ordered hasn't arrived", None, EN),
        ("OK 谢谢", None, ZH),
        ("Hello", "zh", EN),
        ("ok", "zh-Hans-CN", ZH),
        ("ok", None, EN),
        ("😀😀", None, EN),
        ("12345", "zh_CN", ZH),
        ("12345", "fr", EN),
        ("", None, EN),
        ("これは電気ケトルですか", None, EN),
    ],
)
def test_guess(text: str, hint: str | None, expected: Language) -> None:
    assert guess_language(text, hint) is expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("zh", ZH),
        ("ZH-hant", ZH),
        ("cmn", ZH),
        ("en_GB", EN),
        ("fr", None),
        (None, None),
        ("", None),
    ],
)
def test_tags(tag: str | None, expected: Language | None) -> None:
    assert language_of_tag(tag) is expected


@given(st.text(), st.none() | st.text())
def test_any_text_has_a_language(text: str, hint: str | None) -> None:
    assert guess_language(text, hint) in Language
