"""Which words moved a review's score, where the review asks for it: in its labels, and bounded."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from inference.messages import Answer
from inference.tasks.explanation import Explainer, without_each
from inference.testing import Asked
from schemas.codec import Decoder
from schemas.events import ReviewEvent
from schemas.results import EXPLAINED_CHARACTERS, EXPLAINED_WORDS, ReviewLabels, Word
from streams.agents.reviews import ReviewHandler
from streams.cli.lines import outcome_line
from streams.further import MOST_ITEMS
from streams.outcomes import ResultRecord
from tests.pipeline_bench import review
from tests.unit.test_moderation import Moderator, Shop, Source, decision

LIKED = {"good": 2.0, "很好": 2.0, "broken": -3.0, "13812345678": 1.0}


class Taster(Moderator):
    """Likes and dislikes words; what it has nothing left to read of, it does not score."""

    def __init__(self) -> None:
        super().__init__()
        self.renamed = False  # whether another model answers what words are asked

    async def answer(self, asked: Asked) -> Answer:
        answer = await super().answer(asked)
        if asked.slot != "sentiment":
            return answer
        liked = [sum(LIKED[word] for word in LIKED if word in item) for item in asked.items]
        positive = 1 / (1 + np.exp(-np.array(liked)))
        positive[[item == "" for item in asked.items]] = np.nan
        answer.rows[:] = np.stack([1 - positive, positive], axis=1)
        if self.renamed and len(asked.items) > 1:
            return replace(answer, model=replace(answer.model, hash="1" * 16))
        return answer


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop that moderates its reviews."""
    one = Shop(tmp_path, Taster())
    yield one
    for source in (one.reviews, one.decisions):
        await source.pipeline.stop()


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop that only labels them."""
    one = Shop(tmp_path, Taster())
    for source in (one.reviews, one.decisions):
        await source.pipeline.stop()
    one.reviews = Source("reviews", ReviewHandler(one.state), Decoder(ReviewEvent), one)
    yield one
    await one.reviews.pipeline.stop()


def explained(number: int, text: str, explain: object = True) -> bytes:
    return orjson.dumps(orjson.loads(review(number, text)) | {"explain": explain})


def words_of(labels: ReviewLabels) -> tuple[Word, ...]:
    assert labels.explanation is not None
    return labels.explanation.words


@pytest.mark.parametrize("is_moderated", [True, False])
async def test_words_come_in_order_with_their_places_and_what_they_do(
    shop: Shop, plain: Shop, is_moderated: bool
) -> None:
    shop = shop if is_moderated else plain
    text = "a good 😀 zip, broken now"
    await shop.reviews.feed(explained(0, text))
    (labels,) = shop.labels()
    words = words_of(labels)
    assert [one.text for one in words] == ["a", "good", "😀", "zip", ",", "broken", "now"]
    assert [text[one.start : one.end] for one in words] == [one.text for one in words]
    weights = {one.text: one.weight for one in words}
    assert labels.sentiment == "negative"
    assert labels.score == pytest.approx(1 / (1 + np.exp(-1)))
    assert weights["broken"] == pytest.approx(labels.score - 1 / (1 + np.exp(2)), abs=1e-4)
    assert weights["good"] == pytest.approx(labels.score - 1 / (1 + np.exp(-3)), abs=1e-4)
    assert {weights[one] for one in ("a", "😀", "zip", ",", "now")} == {0.0}


async def test_nothing_more_is_asked_where_nobody_wants_to_know(plain: Shop) -> None:
    await plain.reviews.feed(review(0, "good"), explained(1, "good", explain=False))
    assert [one.explanation for one in plain.labels()] == [None, None]
    assert len(plain.model.asked) == 1


async def test_a_request_that_is_none_is_a_dead_letter(plain: Shop) -> None:
    await plain.reviews.feed(explained(0, "good", explain="perhaps"), review(1, "good"))
    assert [one.review_id for one in plain.labels()] == ["r1"]
    assert len(plain.publisher.values("dead-letters")) == 1


async def test_a_person_and_the_last_word_have_the_explanation_too(shop: Shop) -> None:
    await shop.reviews.feed(explained(0, "good kettle, you pig"))
    await shop.decisions.feed(decision())
    held, settled = shop.labels()
    assert len(words_of(held)) == 5
    assert settled.explanation == held.explanation == shop.held()[0].explanation


async def test_the_one_word_of_a_text_is_all_that_speaks_for_its_label(plain: Shop) -> None:
    await plain.reviews.feed(explained(0, " broken "))
    (labels,) = plain.labels()
    (word,) = words_of(labels)
    assert (word.start, word.end) == (1, 7)
    assert word.weight == pytest.approx(labels.score, abs=1e-4)


async def test_a_text_without_a_word_is_labelled(plain: Shop) -> None:
    await plain.reviews.feed(explained(0, "\x1c"))
    assert [one.explanation for one in plain.labels()] == [None]


async def test_a_rating_is_labelled_by_itself_and_no_word_of_it_asked(plain: Shop) -> None:
    await plain.reviews.feed(explained(0, "good: 1/5"), explained(1, "1/5"))
    read, rated = plain.labels()
    assert read.explanation is not None
    assert (rated.sentiment, rated.score, rated.explanation) == ("negative", 1.0, None)
    assert sum(len(one.items) for one in plain.model.asked) == 2 + len(words_of(read))


async def test_what_another_model_says_explains_nothing(plain: Shop) -> None:
    assert isinstance(plain.model, Taster)
    plain.model.renamed = True
    await plain.reviews.feed(explained(0, "good zip"))
    assert [one.explanation for one in plain.labels()] == [None]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 300,
        "good! " * 100,
        "这个很好" * 400,
        "x" * 5_000,
        "很" * 300_000,
        "a b " * 200_000,
    ],
)
async def test_a_long_text_has_few_stretches_and_costs_little(plain: Shop, text: str) -> None:
    await plain.reviews.feed(explained(0, text))
    (labels,) = plain.labels()
    words = words_of(labels)
    assert len(words) <= EXPLAINED_WORDS
    assert words[-1].end >= min(len(text.rstrip()), EXPLAINED_CHARACTERS - 1)
    assert all(one.end <= other.start for one, other in pairwise(words))
    assert all(text[one.start : one.end] == one.text for one in words)
    asked = [item for one in plain.model.asked for item in one.items[1:]]
    assert sum(map(len, asked)) <= EXPLAINED_WORDS * 8_200


@pytest.mark.parametrize(
    "data",
    [
        "13812345678",
        "138 1234 5678",
        "+44 20 7946 0958",
        "ann.b@example.org",
        "4111 1111 1111 1111",
        "12 Baker Street, London NW1 6XE",
        "中山路123号5栋602室",
    ],
)
async def test_personal_data_is_one_word_without_its_letters(plain: Shop, data: str) -> None:
    await plain.reviews.feed(explained(0, f"broken, {data} , good"))
    (labels,) = plain.labels()
    shown = [one.text for one in words_of(labels)]
    assert [one for one in shown if one.startswith("[")] == shown[2:3]
    assert not any(part.isdigit() for one in shown for part in one)


async def test_many_are_explained_in_portions_that_others_get_between(plain: Shop) -> None:
    text = " ".join(["word"] * 50)
    await plain.reviews.feed(*[explained(number, text) for number in range(20)])
    assert len(plain.labels()) == 20
    sizes = [len(one.items) for one in plain.model.asked]
    assert sum(sizes) == 20 + 20 * 50
    assert max(sizes) <= MOST_ITEMS


def test_chinese_words_need_nothing_that_a_worker_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jieba", None)
    text = "质量不错,物流太慢"
    stretches = Explainer().stretches(text)
    assert [one.text for one in stretches] == ["质量", "不错", ",", "物流", "太慢"]
    assert without_each(text, stretches)[1] == "质量,物流太慢"


def test_a_line_shows_the_strongest_words() -> None:
    weights = {"the": 0.0, "zip": 0.1, "broke": 0.5, "good": -0.25, "now": 0.01}
    words = [{"text": text, "weight": weight} for text, weight in weights.items()]
    value: dict[str, Any] = {"sentiment": "negative", "explanation": {"words": words}}
    record = ResultRecord(topic_id="review-labels", timestamp_ms=0, key=None, value=value)
    assert "(broke +0.50, good -0.25, zip +0.10)" in outcome_line(record).plain
