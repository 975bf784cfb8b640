"""A review that is held waits for a person, whose decision is applied once and published."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from faust.types import TP
from pydantic import TypeAdapter

from inference.messages import Answer
from inference.tasks.moderation_policy import parse_policy
from inference.testing import Asked, FakeInference
from schemas.codec import Decoder
from schemas.events import ModerationDecision, ReviewEvent
from schemas.results import (
    DecidedBy,
    Decision,
    Effect,
    HeldReview,
    Outcome,
    ReviewDecision,
    ReviewLabels,
)
from schemas.topics import Topics
from streams.agents.decisions import DecisionHandler
from streams.agents.moderated_reviews import MOST_HELD_CHARACTERS, ModeratedReviewHandler
from streams.config import load_settings
from streams.delivery import AtLeastOnce
from streams.faust_app import create_app, create_table
from streams.frontier import Frontier
from streams.handler import Handler, Question
from streams.held import KEPT, create_held_reviews
from streams.making import Stage
from streams.outgoing import Moment
from streams.pipeline import Pipeline
from streams.position import Position
from streams.tables import Changes
from streams.testing import MemoryPartition, MemoryPublisher
from tests.pipeline_bench import review
from tests.waiting import until

LABELS: TypeAdapter[ReviewLabels] = TypeAdapter(ReviewLabels)
HELD: TypeAdapter[HeldReview] = TypeAdapter(HeldReview)
DECIDED: TypeAdapter[ReviewDecision] = TypeAdapter(ReviewDecision)
POLICY = parse_policy(
    {
        "insult": {"hold": 0.5},
        "spam": {"hold": 0.5, "reject": 0.9},
        "personal_data": {"hold": 0.5},
    }
)
DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
SCORES = {"pig": [0.8, 0.0], "offer": [0.0, 0.6], "casino": [0.0, 0.95], "unread": [np.nan] * 2}


class Moderator(FakeInference):
    """Scores a text by the words that stand in it."""

    def __init__(self) -> None:
        super().__init__({"sentiment": ("negative", "positive"), "moderation": ("insult", "spam")})

    async def answer(self, asked: Asked) -> Answer:
        answer = await super().answer(asked)
        if asked.slot == "moderation":
            for at, item in enumerate(asked.items):
                found = [SCORES[word] for word in SCORES if word in item] or [[0.0, 0.0]]
                answer.rows[at] = np.max(found, axis=0)
        return answer


class Source:
    """A source's pipeline."""

    def __init__(self, name: str, handler: Handler, decoder: Decoder[Any], shop: Shop) -> None:
        self.partition = MemoryPartition(topic=name)
        self.frontier = Frontier()
        self.frontier.open(Position(0))
        stage = Stage(handler=handler, decoder=decoder, inference=shop.model, topics=Topics())
        delivery = AtLeastOnce(shop.publisher)
        self.pipeline = Pipeline(stage, TP(name, 0), self.frontier, delivery)

    async def feed(self, *values: bytes) -> None:
        for chunk in self.partition.chunks(self.frontier, values):
            self.pipeline.accept(chunk)
        await until(lambda: self.frontier.is_idle or self.pipeline.failed.done())


class Shop:
    """Reviews and decisions of one partition, as one worker has them."""

    def __init__(self, folder: Path, model: Moderator | None = None) -> None:
        self.model = model or Moderator()
        self.publisher = MemoryPublisher()
        flags = {"engine.state_dir": str(folder)}
        settings = load_settings(environ={}, flags=flags, directory=folder).settings
        app = create_app(settings, 4, _no_consumer)
        held = create_held_reviews(app, 4)
        state: Any = _State(create_table(app, "review-languages", 4))
        self.state = state
        reviews = ModeratedReviewHandler(state, held, POLICY)
        self.reviews = Source("reviews", reviews, Decoder(ReviewEvent), self)
        self._decide = DecisionHandler(held)
        self.decisions = self.decisions_from_the_start()

    def decisions_from_the_start(self) -> Source:
        """Return the decisions' source as it is after a crash before its first commit."""
        return Source("moderation-decisions", self._decide, Decoder(ModerationDecision), self)

    def labels(self) -> list[ReviewLabels]:
        return [LABELS.validate_json(v) for v in self.publisher.values("review-labels")]

    def held(self) -> list[HeldReview]:
        return [HELD.validate_json(v) for v in self.publisher.values("held-reviews")]

    def decided(self) -> list[ReviewDecision]:
        return [DECIDED.validate_json(v) for v in self.publisher.values("review-decisions")]


class _State:
    def __init__(self, languages: Any) -> None:
        self.review_languages = languages


def _no_consumer() -> None:
    raise AssertionError("nothing is to be read here")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    one = Shop(tmp_path)
    yield one
    for source in (one.reviews, one.decisions):
        await source.pipeline.stop()


def decision(review_id: str = "r0", verdict: str = "allow", **more: Any) -> bytes:
    event = {
        "review_id": review_id,
        "user_id": "u",
        "decision": verdict,
        "created_at": "2026-01-01T00:00:00Z",
    }
    return orjson.dumps(event | more)


async def test_what_nothing_speaks_against_is_allowed(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "fine kettle"))
    (labels,) = shop.labels()
    assert (labels.outcome, labels.decision) == (Outcome.RESULT, Decision.ALLOW)
    assert labels.decided_by is DecidedBy.MODEL
    assert labels.attributes == {"insult": 0, "spam": 0, "personal_data": 0, "threat": 0}
    assert labels.moderation_model is not None
    assert shop.held() == []
    assert len(shop.model.asked) == 2  # nothing is looked at again


@pytest.mark.parametrize(("text", "label"), [("1/5", "negative"), ("五星好评", "positive")])
async def test_a_review_that_is_a_rating_is_labelled_by_it(
    shop: Shop, text: str, label: str
) -> None:
    await shop.reviews.feed(review(0, text))
    (labels,) = shop.labels()
    assert (labels.sentiment, labels.score) == (label, 1.0)


async def test_what_is_held_is_told_to_readers_of_labels_and_to_people(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "good kettle, you are a pig, bye"))
    (labels,), (held,) = shop.labels(), shop.held()
    assert (labels.outcome, labels.decision) == (Outcome.HELD, Decision.HOLD)
    (reason,) = labels.reasons
    assert (reason.attribute, reason.text) == ("insult", "you are a pig,")
    assert reason.score == pytest.approx(0.8)
    assert reason.threshold == 0.5
    assert held.result_id == labels.result_id
    assert (held.text, held.reasons) == ("good kettle, you are a pig, bye", labels.reasons)
    assert (held.sentiment, held.attributes) == (labels.sentiment, labels.attributes)


async def test_what_is_rejected_waits_for_nobody(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "casino, pig"))
    (labels,) = shop.labels()
    assert (labels.outcome, labels.decision) == (Outcome.RESULT, Decision.REJECT)
    assert [reason.attribute for reason in labels.reasons] == ["spam", "insult"]
    assert shop.held() == []


async def test_personal_data_is_held_with_its_place_whatever_the_model_says(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "broken, call me on 415-555-0132 please"))
    (labels,) = shop.labels()
    assert [reason.text for reason in labels.reasons] == ["415-555-0132"]


async def test_what_the_model_cannot_read_is_a_dead_letter(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "unread"), review(1, "fine"))
    assert [one.review_id for one in shop.labels()] == ["r1"]
    assert len(shop.publisher.values("dead-letters")) == 1


async def test_what_was_never_judged_is_a_dead_letter_and_not_allowed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = ModeratedReviewHandler.prepare

    def unasked(handler: ModeratedReviewHandler, event: ReviewEvent, changes: Changes) -> Question:
        return replace(prepare(handler, event, changes), further=())

    monkeypatch.setattr(ModeratedReviewHandler, "prepare", unasked)
    await shop.reviews.feed(review(0, "you pig"))
    assert (shop.labels(), shop.held()) == ([], [])
    assert len(shop.publisher.values("dead-letters")) == 1


async def test_a_clause_that_the_model_cannot_read_is_passed_over(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "fine, offer, fine"))
    SCORES["fine"] = [np.nan] * 2
    try:
        await shop.reviews.feed(review(1, "offer"))
    finally:
        del SCORES["fine"]
    assert [one.reasons[0].text for one in shop.labels()] == ["offer,", "offer"]


async def test_a_long_text_is_held_as_far_as_a_record_holds_it(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "pig " + "很" * 300_000))
    (held,) = shop.held()
    assert len(held.text) == MOST_HELD_CHARACTERS
    assert all(len(one.value or b"") < 1_000_000 for one in shop.publisher.published)


@pytest.mark.parametrize(
    ("verdict", "expected", "labels"),
    [("allow", Decision.ALLOW, ()), ("reject", Decision.REJECT, ("insult",))],
)
async def test_a_decision_is_applied_and_published(
    shop: Shop, verdict: str, expected: Decision, labels: tuple[str, ...]
) -> None:
    await shop.reviews.feed(review(0, "you pig"))
    await shop.decisions.feed(decision("r0", verdict, decided_by="ann"))
    held, settled = shop.labels()
    assert (settled.outcome, settled.decision) == (Outcome.RESULT, expected)
    assert settled.decided_by is DecidedBy.PERSON
    assert settled.settles == held.result_id != settled.result_id
    assert (settled.sentiment, settled.attributes) == (held.sentiment, held.attributes)
    (told,) = shop.decided()
    assert (told.effect, told.decision, told.decided_by) == (Effect.APPLIED, expected, "ann")
    assert (told.text, told.labels) == ("you pig", labels)
    assert told.result_id == settled.result_id == "moderation-decisions-0-0-moderation"


async def test_a_person_may_say_what_is_in_it(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "you pig"))
    await shop.decisions.feed(decision("r0", "reject", labels=["spam", "threat"]))
    assert shop.decided()[0].labels == ("spam", "threat")


async def test_only_the_first_decision_counts_also_within_one_chunk(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "you pig"))
    await shop.decisions.feed(decision(), decision(verdict="reject"))
    await shop.decisions.feed(decision(verdict="reject"))
    effects = [one.effect for one in shop.decided()]
    assert effects == [Effect.APPLIED, Effect.ALREADY_DECIDED, Effect.ALREADY_DECIDED]
    assert [one.decision for one in shop.labels()] == [Decision.HOLD, Decision.ALLOW]
    assert shop.decided()[1].text is None


@pytest.mark.parametrize(
    "value",
    [
        decision("unknown"),
        decision("r1"),  # was allowed
        decision("r0", user_id="another"),
        decision("r0", held_id="reviews-0-99-sentiment"),
    ],
)
async def test_a_decision_on_what_does_not_wait_has_an_outcome_too(
    shop: Shop, value: bytes
) -> None:
    await shop.reviews.feed(review(0, "you pig"), review(1, "fine"))
    await shop.decisions.feed(value)
    (told,) = shop.decided()
    assert (told.effect, told.text, told.labels) == (Effect.NOT_WAITING, None, ())
    assert len(shop.labels()) == 2


async def test_a_review_that_is_held_again_can_be_settled_again(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "you pig"))
    await shop.decisions.feed(decision(verdict="reject"))
    await shop.reviews.feed(review(0, "what an offer"))
    await shop.decisions.feed(decision())
    assert [one.decision for one in shop.labels()] == [
        Decision.HOLD,
        Decision.REJECT,
        Decision.HOLD,
        Decision.ALLOW,
    ]
    assert [one.text for one in shop.decided()] == ["you pig", "what an offer"]


async def test_a_decision_that_comes_again_has_the_same_effect_again(shop: Shop) -> None:
    """As after a crash with `at_least_once`: the tables have its writes, its commit was lost."""
    await shop.reviews.feed(review(0, "you pig"))
    values = decision(verdict="reject"), decision(verdict="allow")
    await shop.decisions.feed(*values)
    again = shop.decisions_from_the_start()
    await again.feed(*values)
    await again.pipeline.stop()
    told = [(one.result_id, one.effect, one.decision) for one in shop.decided()]
    assert told[:2] == told[2:]
    assert [effect for _, effect, _ in told[2:]] == [Effect.APPLIED, Effect.ALREADY_DECIDED]
    assert [one.decision for one in shop.labels()] == [Decision.HOLD, *[Decision.REJECT] * 2]


async def test_a_repeat_settles_no_later_hold(shop: Shop) -> None:
    await shop.reviews.feed(review(0, "you pig"))
    await shop.decisions.feed(decision())
    await shop.reviews.feed(review(0, "what an offer"))
    again = shop.decisions_from_the_start()
    await again.feed(decision())
    await again.pipeline.stop()
    assert [one.effect for one in shop.decided()] == [Effect.APPLIED, Effect.NOT_WAITING]


class Calendar:
    """Stands still, late in a week, until it is moved."""

    def __init__(self) -> None:
        self.now = (time.time() // WEEK_S - 10) * WEEK_S + 6.5 * DAY_S

    def pass_days(self, count: int) -> None:
        self.now += count * DAY_S


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    one = Calendar()
    monkeypatch.setattr("time.time", lambda: one.now)
    monkeypatch.setattr("streams.pipeline.Moment", lambda: Moment(one.now))
    return one


@pytest.mark.parametrize("days", [0, 1, 7, 14, 21, 27, 28, 29, 30, 35, 36, 42])
async def test_a_review_is_settled_once_at_whatever_age(
    shop: Shop, calendar: Calendar, days: int
) -> None:
    """Also while others' decisions end its settlement's window, and nothing yet its hold's."""
    await shop.reviews.feed(*(review(number, "you pig") for number in range(9)))
    await shop.decisions.feed(*(decision(f"r{number}", "reject") for number in range(9)))
    calendar.pass_days(days)
    await shop.reviews.feed(review(9, "you pig"))
    await shop.decisions.feed(decision("r9"), decision("r8"))
    expected = Effect.ALREADY_DECIDED if days <= KEPT.days else Effect.NOT_WAITING
    effects = [one.effect for one in shop.decided()]
    assert effects == [*[Effect.APPLIED] * 10, expected]


@pytest.mark.parametrize(("days", "expected"), [(28, Effect.APPLIED), (36, Effect.NOT_WAITING)])
async def test_a_review_waits_four_weeks_for_a_person(
    shop: Shop, calendar: Calendar, days: int, expected: Effect
) -> None:
    await shop.reviews.feed(review(0, "you pig"))
    calendar.pass_days(days)
    await shop.decisions.feed(decision())
    assert [one.effect for one in shop.decided()] == [expected]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{}", "review_id is missing"),
        (b"no json", "the record is not JSON"),
        (decision(verdict="perhaps"), "decision is not one of the known values"),
        (decision(held_id=7), "held_id must be text"),
    ],
)
async def test_a_broken_decision_is_a_dead_letter_that_names_the_field(
    shop: Shop, value: bytes, reason: str
) -> None:
    await shop.decisions.feed(value)
    (letter,) = shop.publisher.values("dead-letters")
    assert orjson.loads(letter)["reason"].startswith(reason)
