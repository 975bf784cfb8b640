"""A review that is nothing but a rating is labelled by it; any other text by a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.rating import decide, rated
from schemas.results import Sentiment

NEGATIVE, NEUTRAL, POSITIVE = Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE


@pytest.mark.parametrize(
    ("expected", "texts"),
    [
        (
            NEGATIVE,
            "★☆☆☆☆|★★☆☆☆|☆☆☆☆☆|⭐️|1/5|0/10|2 / 5|3/10|1 out of 5|1 star|two stars|zero stars!"
            "|one-star|0分|零分|1分|一星|两星|2颗星|一星差评|给一星|20分",
        ),
        (NEUTRAL, "★★★☆☆|⭐⭐⭐|3/5|5/10|three stars|三星|3分|三星中评|60/100"),
        (
            POSITIVE,
            "★★★★★|⭐️⭐️⭐️⭐️⭐️|★★★★☆|5/5|10/10|4.5/5|9 out of 10|5 stars|Five Stars!!|"
            "5-star rating|5 star|100/100|满分|满分！|五星|五星好评|5星|给五星|打5分|"
            "全五星|评分：5分|rating: 5/5|10分|５／５|9.5/10",
        ),
    ],
)
def test_a_rating_alone_means_what_it_says(expected: Sentiment, texts: str) -> None:
    assert {text: rated(text) for text in texts.split("|")} == dict.fromkeys(
        texts.split("|"), expected
    )


@pytest.mark.parametrize(
    "text",
    [
        "5 stars for the colour, zero for the fit",
        "1/5 broke at once",
        "五星好评都是刷的",
        "五星差评",
        "三星手机",
        "十分",
        "十分好用",
        "24/7",
        "9/11",
        "31/10",
        "6/5",
        "120分",
        "给666分",
        "7 stars",
        "3",
        "100%",
        "好评",
        "★★★★★☆☆☆☆☆",
        "★★☆",
        "",
        "!!!",
        "five",
        "1/5" * 50,
    ],
)
def test_any_other_text_is_for_a_model(text: str) -> None:
    assert rated(text) is None


def test_the_label_of_a_rating_has_all_the_probability() -> None:
    labels = ("NEG", "neutral", "positive")
    assert decide("1/5", labels) == (
        "negative",
        1.0,
        {"negative": 1.0, "neutral": 0.0, "positive": 0.0},
    )
    assert decide("fine", labels) is None


def test_a_model_without_the_label_decides_itself() -> None:
    assert decide("3/5", ("negative", "positive")) is None
    assert decide("5/5", ("1 star", "5 stars")) is None


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert rated(text) in (None, *Sentiment)
