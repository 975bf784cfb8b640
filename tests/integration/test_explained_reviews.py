"""The bundled model explains itself: what a reader would point at moves the score most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inference.client import InferenceClient, InferenceSettings
from schemas.codec import Decoder
from schemas.events import ReviewEvent
from streams.agents.reviews import ReviewHandler
from tests.unit.test_explained_reviews import explained, words_of
from tests.unit.test_moderation import Shop, Source
from tests.waiting import until

LIMIT_S = 60.0
TELLING = {
    "The colour is lovely but the zip broke after two days, terrible quality.": "terrible",
    "Delivered on Monday in a box. I love it!": "love",
    "包装还可以,但是味道太差了,再也不买": "太差",
}
LONG = "It has a handle and a lid and it is made of steel. " * 8 + "Terrible, it broke at once."

pytestmark = pytest.mark.timeout(180)


async def test_what_a_reader_would_point_at_moves_the_score_most(tmp_path: Path) -> None:
    texts = [*TELLING, LONG, "好"]
    settings = InferenceSettings(models={"sentiment": "bundled"}, threads=1, dtype="fp32")
    async with InferenceClient(settings) as client:
        shop: Any = Shop(tmp_path)
        shop.model = client
        source = Source("reviews", ReviewHandler(shop.state), Decoder(ReviewEvent), shop)
        values = [explained(number, text) for number, text in enumerate(texts)]
        for chunk in source.partition.chunks(source.frontier, values):
            source.pipeline.accept(chunk)
        await until(lambda: len(shop.labels()) == len(texts), LIMIT_S)
        for one in (source, shop.reviews, shop.decisions):
            await one.pipeline.stop()
    *told, long, single = shop.labels()
    for labels, (text, word) in zip(told, TELLING.items(), strict=True):
        strongest = sorted(words_of(labels), key=lambda one: -one.weight)[:2]
        assert word in [one.text for one in strongest]
        assert all(text[one.start : one.end] == one.text for one in strongest)
    assert "Terrible" in max(words_of(long), key=lambda one: one.weight).text
    (only,) = words_of(single)
    assert only.weight == pytest.approx(single.score, abs=1e-3)
