"""Aspects in the stream: asked beside the review's sentiment, published with its labels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faust.types import TP
from pydantic import TypeAdapter

from inference.messages import UNREADABLE, Answer, Item
from inference.tasks.aspects import Aspect, Words
from inference.tasks.moderation_policy import parse_policy
from inference.testing import Asked, FakeInference
from schemas.codec import Decoder
from schemas.events import ModerationDecision, ReviewEvent
from schemas.results import HeldReview, ReviewLabels
from schemas.topics import Topics
from streams.agents import create_tasks
from streams.agents.aspects import NO_ASPECTS, AspectReader, of_models
from streams.agents.decisions import DecisionHandler
from streams.agents.moderated_reviews import ModeratedReviewHandler
from streams.agents.reviews import ReviewHandler
from streams.aspects import require_words
from streams.cli.doctor import Mark, findings
from streams.config import Settings, load_settings
from streams.delivery import AtLeastOnce
from streams.errors import StartupError
from streams.faust_app import create_app, create_table
from streams.frontier import Frontier
from streams.handler import Handler
from streams.held import create_held_reviews
from streams.making import Stage
from streams.pipeline import Pipeline
from streams.position import Position
from streams.tables import Changes, Overlay
from streams.testing import MemoryPartition, MemoryPublisher
from tests.pipeline_bench import review
from tests.unit.test_moderation import decision
from tests.waiting import until

LABELS: TypeAdapter[ReviewLabels] = TypeAdapter(ReviewLabels)
HELD: TypeAdapter[HeldReview] = TypeAdapter(HeldReview)
WORDS = Words(
    {"quality": Aspect(names=["zip", "质量"]), "delivery": Aspect(names=["shipping", "物流"])}
)
TEXT = "Lovely zip, but the shipping was bad."
POLICY = parse_policy({"insult": {"hold": 0.5}})


class Model(FakeInference):
    """Finds bad what has the word; cannot read what is in `unread`."""

    unread: tuple[str, ...] = ()

    def __init__(self) -> None:
        signs = ("negative", "positive")
        more = {"moderation": ("insult",), "recommend": ()}
        super().__init__({"sentiment": signs, "aspects": signs, **more})

    async def answer(self, asked: Asked) -> Answer:
        answer = await super().answer(asked)
        for at, item in enumerate(asked.items):
            text = item if isinstance(item, str) else item[-1]
            if asked.slot == "moderation":
                answer.rows[at] = float("pig" in text)
            else:
                answer.rows[at] = (0.9, 0.1) if "bad" in text else (0.2, 0.8)
        errors = {at: UNREADABLE for at, item in enumerate(asked.items) if item in self.unread}
        answer.rows[list(errors)] = np.nan
        return replace(answer, errors=errors)


class Shop:
    """Reviews and decisions of one partition."""

    def __init__(self, folder: Path, make: Callable[[Any, Any], Handler]) -> None:
        self.model = Model()
        self.publisher = MemoryPublisher()
        flags = {"engine.state_dir": str(folder)}
        settings = load_settings(environ={}, flags=flags, directory=folder).settings
        app = create_app(settings, 4, _no_consumer)
        held = create_held_reviews(app, 4)
        self._sources = {
            "reviews": (make(_State(create_table(app, "review-languages", 4)), held), ReviewEvent),
            "moderation-decisions": (DecisionHandler(held), ModerationDecision),
        }
        self.pipelines: list[Pipeline] = []

    async def feed(self, name: str, *values: bytes) -> None:
        handler, event = self._sources[name]
        frontier = Frontier()
        frontier.open(Position(0))
        decoder: Decoder[Any] = Decoder(event)
        stage = Stage(handler=handler, decoder=decoder, inference=self.model, topics=Topics())
        pipeline = Pipeline(stage, TP(name, 0), frontier, AtLeastOnce(self.publisher))
        self.pipelines.append(pipeline)
        for chunk in MemoryPartition(topic=name).chunks(frontier, values):
            pipeline.accept(chunk)
        await until(lambda: frontier.is_idle or pipeline.failed.done())

    def labels(self) -> list[ReviewLabels]:
        return [LABELS.validate_json(v) for v in self.publisher.values("review-labels")]

    def asked(self, slot: str) -> list[Item]:
        return [item for one in self.model.asked if one.slot == slot for item in one.items]


class _State:
    def __init__(self, languages: Any) -> None:
        self.review_languages = languages


def _no_consumer() -> None:
    raise AssertionError("nothing is to be read here")


Make = Callable[[Callable[[Any, Any], Handler]], Shop]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Make]:
    shops: list[Shop] = []

    def made(make: Callable[[Any, Any], Handler]) -> Shop:
        shops.append(Shop(tmp_path, make))
        return shops[-1]

    yield made
    for one in shops:
        for pipeline in one.pipelines:
            await pipeline.stop()


def plain(reader: AspectReader) -> Callable[[Any, Any], Handler]:
    return lambda state, _: ReviewHandler(state, reader)


def told(labels: ReviewLabels) -> list[tuple[str, str, str]]:
    return [(one.name, one.sentiment, one.text) for one in labels.aspects]


async def test_each_aspect_has_the_sentiment_of_its_clause(shop: Make) -> None:
    one = shop(plain(AspectReader(WORDS)))
    await one.feed("reviews", review(0, TEXT), review(1, "质量好，物流快"), review(2, "nice"))
    first, second, third = one.labels()
    assert first.sentiment == "negative"
    assert told(first) == [
        ("quality", "positive", "Lovely zip"),
        ("delivery", "negative", "but the shipping was bad"),
    ]
    assert [TEXT[each.start : each.end] for each in first.aspects] == [
        each.text for each in first.aspects
    ]
    assert [name for name, *_ in told(second)] == ["quality", "delivery"]
    assert third.aspects == ()
    assert len([ask for ask in one.model.asked if ask.slot == "sentiment"]) == 2  # for the chunk


async def test_nobody_is_asked_where_nobody_wants_aspects(shop: Make) -> None:
    one = shop(plain(NO_ASPECTS))
    await one.feed("reviews", review(0, TEXT))
    assert one.labels()[0].aspects == ()
    assert one.asked("sentiment") == [TEXT]


async def test_a_model_for_aspects_is_asked_with_sentence_and_word(shop: Make) -> None:
    one = shop(plain(of_models(WORDS, ["sentiment", "aspects"])))
    await one.feed("reviews", review(0, f"Hello. {TEXT}"))
    assert one.asked("aspects") == [[TEXT[:-1], "zip"], [TEXT[:-1], "shipping"]]
    assert one.asked("sentiment") == [f"Hello. {TEXT}"]
    assert [name for name, *_ in told(one.labels()[0])] == ["quality", "delivery"]


async def test_a_clause_that_cannot_be_read_costs_its_aspect_alone(shop: Make) -> None:
    one = shop(plain(AspectReader(WORDS)))
    one.model.unread = ("物流慢",)
    await one.feed("reviews", review(0, "质量好，物流慢"))
    assert told(one.labels()[0]) == [("quality", "positive", "质量好")]
    assert not one.publisher.values("dead-letters")


async def test_a_held_review_keeps_its_aspects_until_a_person_has_decided(shop: Make) -> None:
    one = shop(lambda state, held: ModeratedReviewHandler(state, held, POLICY, AspectReader(WORDS)))
    await one.feed("reviews", review(0, f"You pig. {TEXT}"), review(1, TEXT))
    held, allowed = one.labels()
    assert held.decision == "hold"
    assert told(held) == told(allowed) != []
    (waiting,) = [HELD.validate_json(v) for v in one.publisher.values("held-reviews")]
    assert waiting.aspects == held.aspects
    await one.feed("moderation-decisions", decision("r0"))
    assert one.labels()[-1].settles == held.result_id
    assert one.labels()[-1].aspects == held.aspects


def settings_of(folder: Path, **flags: Any) -> Settings:
    named = {"engine.state_dir": str(folder), "aspects.enabled": True, **flags}
    return load_settings(environ={}, flags=named, directory=folder).settings


def test_the_slot_is_there_only_where_it_is_named_and_wanted(tmp_path: Path) -> None:
    assert "aspects" not in settings_of(tmp_path).models_in_use()
    named = settings_of(tmp_path, **{"models.aspects": "mine"})
    assert named.models_in_use()["aspects"] == "mine"
    unwanted = settings_of(tmp_path, **{"models.aspects": "mine", "aspects.enabled": False})
    assert "aspects" not in unwanted.models_in_use()


def test_words_that_cannot_be_read_are_said_before_anything_is_loaded(tmp_path: Path) -> None:
    lost = {
        "aspects.words": str(tmp_path / "none.toml"),
        "kafka.bootstrap_servers": "127.0.0.1:1",
    }
    settings = settings_of(tmp_path, **lost)
    with pytest.raises(StartupError, match=r"aspects\.words: .*cannot read .*none\.toml"):
        require_words(settings.aspects)
    _, _, said = islice(findings(settings), 3)  # behind the broker's and the state folder's
    assert said.mark is Mark.BAD
    assert "none.toml: No such file" in said.sentence


async def test_a_worker_has_the_words_that_are_named(tmp_path: Path) -> None:
    words = tmp_path / "words.toml"
    words.write_text('[colour]\nen = ["hue"]\n', encoding="utf-8")
    settings = settings_of(tmp_path, **{"aspects.words": str(words)})
    tasks = create_tasks(settings, create_app(settings, 4, _no_consumer), Model(), 4)
    question = tasks.handlers[0].prepare(
        ReviewEvent.model_validate_json(review(0, "a fine hue")), Changes(Overlay(0))
    )
    assert [ask.items for ask in question.further] == [[["a fine hue", "hue"]]]
