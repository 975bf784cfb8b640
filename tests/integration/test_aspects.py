"""Aspects of real reviews' like, by the bundled words and the bundled model in its worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from pydantic import TypeAdapter

from inference.client import InferenceClient, InferenceSettings
from inference.tasks.aspect_words import read_words
from schemas.codec import Decoder
from schemas.events import ReviewEvent
from schemas.results import ReviewLabels
from schemas.topics import Topics
from streams.agents.aspects import of_models
from streams.agents.reviews import ReviewHandler
from streams.config import load_settings
from streams.delivery import AtLeastOnce
from streams.faust_app import create_app, create_table
from streams.frontier import Frontier
from streams.making import Stage
from streams.pipeline import Pipeline
from streams.position import Position
from streams.testing import MemoryPartition, MemoryPublisher
from tests.pipeline_bench import review
from tests.waiting import until

LABELS: TypeAdapter[ReviewLabels] = TypeAdapter(ReviewLabels)
REVIEWS = {
    "The zipper broke after a week, but the colour is lovely and the price was fair.": {
        ("quality", "negative"),
        ("look", "positive"),
        ("price", "positive"),
    },
    "做工很好，面料也舒服，就是物流太慢了，客服也不理人。": {
        ("quality", "positive"),
        ("material", "positive"),
        ("comfort", "positive"),
        ("delivery", "negative"),
        ("service", "negative"),
    },
    "Thanks, my brother likes it.": set(),
}

pytestmark = pytest.mark.timeout(120)


class _State:
    def __init__(self, languages: Any) -> None:
        self.review_languages = languages


def _no_consumer() -> None:
    raise AssertionError("nothing is to be read here")


@pytest.fixture
async def labels(tmp_path: Path) -> AsyncIterator[list[ReviewLabels]]:
    flags = {"engine.state_dir": str(tmp_path)}
    settings = load_settings(environ={}, flags=flags, directory=tmp_path).settings
    state: Any = _State(create_table(create_app(settings, 4, _no_consumer), "languages", 4))
    publisher, frontier = MemoryPublisher(), Frontier()
    frontier.open(Position(0))
    told = InferenceSettings(models={"sentiment": "bundled"}, dtype="fp32")
    async with InferenceClient(told) as client:
        handler = ReviewHandler(state, of_models(read_words(), list(client.models)))
        decoder: Decoder[Any] = Decoder(ReviewEvent)
        stage = Stage(handler=handler, decoder=decoder, inference=client, topics=Topics())
        pipeline = Pipeline(stage, TP("reviews", 0), frontier, AtLeastOnce(publisher))
        events = [review(number, text) for number, text in enumerate(REVIEWS)]
        for chunk in MemoryPartition(topic="reviews").chunks(frontier, events):
            pipeline.accept(chunk)
        await until(lambda: frontier.is_idle or pipeline.failed.done())
        yield [LABELS.validate_json(value) for value in publisher.values("review-labels")]
        await pipeline.stop()


async def test_each_review_is_told_apart_by_what_it_speaks_of(labels: list[ReviewLabels]) -> None:
    for one, (text, expected) in zip(labels, REVIEWS.items(), strict=True):
        assert {(each.name, each.sentiment) for each in one.aspects} == expected
        assert all(text[each.start : each.end] == each.text for each in one.aspects)
