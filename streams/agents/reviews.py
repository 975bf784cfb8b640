"""Reviews in, labels out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from inference.messages import ModelInfo
from inference.tasks import registry, sentiment
from inference.tasks.language import guess_language
from schemas.base import Language
from schemas.events import ReviewEvent
from schemas.results import Outcome, ReviewLabels
from streams.agents.aspects import NO_ASPECTS, AspectReader, Spoken
from streams.handler import Question, Row, answered
from streams.outgoing import Envelope, Outgoing
from streams.state import State, remember_language
from streams.tables import Changes

TOPIC = "review-labels"


@dataclass(kw_only=True, slots=True, eq=False)
class Read:
    """What is known of a review on its way."""

    language: Language
    spoken: Spoken


class ReviewHandler:
    """Labels a review by its text alone, and remembers which language its author writes."""

    spec = registry.task("sentiment")
    deadline_s = math.inf

    def __init__(self, state: State, aspects: AspectReader = NO_ASPECTS) -> None:
        self._state = state
        self._aspects = aspects

    def key(self, event: ReviewEvent) -> str:
        """Labels of one author leave in the order of the reviews."""
        return event.user_id

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        """Ask for the text's sentiment, and for that of what it speaks of."""
        language = guess_language(event.text, event.language)
        remember_language(self._state.review_languages, event.user_id, language, changes)
        spoken = self._aspects.read(event.text)
        read = Read(language=language, spoken=spoken)
        return Question(item=event.text, context=read, further=spoken.asks)

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return the labels; raises `ValueError` if the model did not answer with numbers."""
        message = labelled(event, question.context, answered(row), model, envelope)
        return Outgoing(topic_id=TOPIC, key=event.user_id, message=message)


def labelled(
    event: ReviewEvent,
    read: Read,
    row: Row,
    model: ModelInfo,
    envelope: Envelope,
    *,
    outcome: Outcome = Outcome.RESULT,
    **moderated: Any,
) -> ReviewLabels:
    """Return a review's labels, with what `moderated` says of it, by the fields' names."""
    label, score, scores = sentiment.decide(row, model.labels)
    return ReviewLabels(
        **envelope.fields(),
        outcome=outcome,
        review_id=event.review_id,
        user_id=event.user_id,
        product_id=event.product_id,
        language=read.language,
        sentiment=label,
        score=score,
        scores=scores,
        aspects=read.spoken.labels(),
        **moderated,
    )
