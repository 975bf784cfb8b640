"""What a review speaks of: found by words, each with the clause that speaks of it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from inference.tasks.aspect_words import AspectWordsError, parse_words, read_words
from inference.tasks.aspects import MOST, Aspect, Words, decide
from inference.tasks.clauses import sentences
from schemas.masking import Kind, masked

WORDS = Words(
    {
        "quality": Aspect(names=["质量", "zip"], opinions=["well made"]),
        "price": Aspect(names=["价格", "price"], opinions=["贵"]),
        "delivery": Aspect(names=["物流", "shipping", "battery"]),
        "ignored": Aspect(names=["宝贵", "shipping container"]),
    }
)
LABELS = ("negative", "neutral", "positive")


def clauses(text: str) -> list[str]:
    return [text[start:end] for parts in sentences(text) for start, end in parts]


def found(text: str, words: Words = WORDS) -> list[tuple[str, str, str]]:
    """Return aspect, word and clause of each mention."""
    return [
        (one.aspect, text[slice(*one.word)], text[slice(*one.clause)]) for one in words.find(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nice zip, slow shipping. Fine!", ["Nice zip", "slow shipping", "Fine"]),
        ("not good but cheap", ["not good", "but cheap"]),
        ("It is soft However it shrank", ["It is soft", "However it shrank"]),
        ("it cost 5.50 so i ' m happy . really", ["it cost 5.50 so i ' m happy", "really"]),
        ("质量不错，就是有点贵。下次再来", ["质量不错", "就是有点贵", "下次再来"]),
        ("东西不错但是物流太慢", ["东西不错", "但是物流太慢"]),
        ("质量好 物流快", ["质量好", "物流快"]),
        ("不但便宜还好用", ["不但便宜还好用"]),
        ("做工再好不过了", ["做工再好不过了"]),
        ("这就是我要的", ["这就是我要的"]),
        ("butter is not a rebuttal", ["butter is not a rebuttal"]),
        ("soft and the zip broke", ["soft", "and the zip broke"]),
        ("我要的就是质量", ["我要的就是质量"]),
        ("", []),
        (" ，。 ", []),
    ],
)
def test_clauses_end_where_the_opinion_may_turn(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


def test_each_word_has_the_clause_that_speaks_of_it() -> None:
    assert found("质量很好，但是物流太慢了，有点贵。") == [
        ("quality", "质量", "质量很好"),
        ("delivery", "物流", "但是物流太慢了"),
        ("price", "贵", "有点贵"),
    ]
    assert found("The zip broke; the PRICE is not bad") == [
        ("quality", "zip", "The zip broke"),
        ("price", "PRICE", "the PRICE is not bad"),
    ]


def test_what_only_names_things_is_read_with_what_follows() -> None:
    assert found("质量，价格，都没话说") == [
        ("quality", "质量", "质量，价格，都没话说"),
        ("price", "价格", "价格，都没话说"),
    ]
    assert found("The price, and the zip, are great.")[0][2] == "The price, and the zip, are great"
    assert found("贵，质量也好") == [("price", "贵", "贵"), ("quality", "质量", "质量也好")]


def test_what_nothing_is_said_of_is_left_out() -> None:
    assert found("shipping. Then nothing.") == []
    assert found("a bee, and the zip") == []
    assert [aspect for aspect, *_ in found("well made. 贵")] == ["quality", "price"]


def test_words_are_whole_ones_in_any_number_and_case() -> None:
    assert [word for _, word, _ in found("Batteries and ZIPS: prices zipped, shippings ok")] == [
        "Batteries",
        "ZIPS",
        "prices",
        "shippings",
    ]
    assert found("zipper, priceless, 这个zip不好")[0][1] == "zip"
    assert len(found("zipper, priceless, 这个zip不好")) == 1


def test_a_longer_word_hides_what_it_holds() -> None:
    assert found("宝贵的意见, in a shipping container") == []


def test_one_clause_is_asked_about_an_aspect_once() -> None:
    assert found("贵，真贵，价格贵") == [
        ("price", "贵", "贵"),
        ("price", "贵", "真贵"),
        ("price", "价格", "价格贵"),
    ]


def test_places_hold_beside_any_character() -> None:
    assert found("🙂🙂 İ zip broke") == [("quality", "zip", "🙂🙂 İ zip broke")]


def test_no_review_takes_long_or_asks_for_much() -> None:
    began = time.process_time()
    assert len(WORDS.find("质量好，贵。" * 50_000)) == MOST
    assert WORDS.find("，" * 300_000) == []
    assert len(WORDS.find("zip ok, " * 100_000)) == MOST
    assert time.process_time() - began < 2.0


def test_dots_take_no_square_of_time() -> None:
    began = time.process_time()
    assert len(WORDS.find(f"zip{'.' * 9_990}x")) == 1
    assert time.process_time() - began < 0.3


def test_each_sentiment_of_an_aspect_is_told_once_by_its_surest_clause() -> None:
    text = "贵。真的很贵，物流快，价格合理，zip yes，shipping no。"
    mentions = WORDS.find(text)
    rows = np.array(
        [
            [0.6, 0.3, 0.1],
            [0.9, 0.1, 0],
            [0, 0.1, 0.9],
            [0.1, 0.1, 0.8],
            [np.nan] * 3,
            [0.5, 0.3, 0.2],
        ]
    )
    told = decide(text, mentions, list(rows.astype(np.float32)), LABELS)
    assert [(one.name, one.sentiment, round(one.score, 2), one.text) for one in told] == [
        ("price", "negative", 0.9, "真的很贵"),
        ("delivery", "positive", 0.9, "物流快"),
        ("price", "positive", 0.8, "价格合理"),
    ]
    assert all(text[one.start : one.end] == one.text for one in told)


def test_what_is_quoted_is_masked_as_the_shop_says() -> None:
    text = "物流快 call 13812345678"
    (told,) = decide(text, WORDS.find(text), [np.array([0.1, 0.1, 0.8], dtype=np.float32)], LABELS)
    assert "13812345678" not in masked(told, [Kind.PHONE]).text


def test_the_bundled_words_know_both_languages() -> None:
    words = read_words()
    assert [one[0] for one in found("做工精细，性价比高，快递也快，客服态度好", words)] == [
        "quality",
        "price",
        "delivery",
        "service",
    ]
    assert [one[0] for one in found("True to size, soft fabric, but overpriced.", words)] == [
        "size",
        "comfort",
        "material",
        "price",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"price": ["贵"]}, "price must be a table with en, zh, en_opinions"),
        ({"price": {}}, "price must be a table"),
        ({"price": {"en": []}}, "price must be a table"),
        ({"ignored": {"zh": ["宝贵"]}}, "no aspect is named"),
        ({"price": {"eng": ["price"]}}, r"unknown key price\.eng: did you mean 'en'"),
        ({"price": {"de": ["teuer"]}}, r"unknown key price\.de: did you mean 'en'"),
        ({"price": {"en": "price"}}, r"price\.en must be a list of words"),
        ({"price": {"en": [" "]}}, r"price\.en must be a list of words"),
        ({"price": {"en": ["Cost"]}, "cash": {"en": ["cost"]}}, "'cost' is of price and of cash"),
    ],
)
def test_a_file_of_words_that_cannot_be_used(content: dict[str, object], said: str) -> None:
    with pytest.raises(AspectWordsError, match=said):
        parse_words(content)


def test_a_file_is_named_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    with pytest.raises(AspectWordsError, match=r"cannot read .*none\.toml: No such file"):
        read_words(tmp_path / "none.toml")
    path = tmp_path / "words.toml"
    path.write_text("[price", encoding="utf-8")
    with pytest.raises(AspectWordsError, match=r"words\.toml is not TOML"):
        read_words(path)
    path.write_text('[price]\nfr = ["prix"]\n', encoding="utf-8")
    with pytest.raises(AspectWordsError, match=r"words\.toml: unknown key price\.fr"):
        read_words(path)
