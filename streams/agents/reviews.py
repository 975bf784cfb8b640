"""Reviews in, labels out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.messages import ModelInfo
from inference.tasks import rating, registry, sentiment
from inference.tasks.explanation import Explainer, Stretch, explanation, without_each
from inference.tasks.language import guess_language
from schemas.base import Language
from schemas.events import ReviewEvent
from schemas.results import Explanation, Outcome, ReviewLabels
from streams.agents.aspects import NO_ASPECTS, AspectReader, Spoken
from streams.handler import Ask, Question, Row, answered
from streams.outgoing import Envelope, Outgoing, model_id
from streams.state import State, remember_language
from streams.tables import Changes

TOPIC = "review-labels"


@dataclass(kw_only=True, slots=True, eq=False)
class Read:
    """What is known of a review on its way."""

    language: Language
    spoken: Spoken
    stretches: Sequence[Stretch] = ()  # of its text, where its words are to be explained
    without: Ask | None = None  # the text without each of them


class ReviewHandler:
    """Labels a review by its text alone, and remembers which language its author writes.

    Of a review that asks for it, the text without each of its words is asked too, in one request:
    what its label's score loses without a word is what the word does to it. In one that is nothing
    but a rating there is no word.
    """

    spec = registry.task("sentiment")
    deadline_s = math.inf

    def __init__(self, state: State, aspects: AspectReader = NO_ASPECTS) -> None:
        self._state = state
        self._aspects = aspects
        self._explainer = Explainer()

    def key(self, event: ReviewEvent) -> str:
        """Labels of one author leave in the order of the reviews."""
        return event.user_id

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        """Ask for the text's sentiment, and for that of what it speaks of."""
        language = guess_language(event.text, event.language)
        remember_language(self._state.review_languages, event.user_id, language, changes)
        read = Read(language=language, spoken=self._aspects.read(event.text))
        has_words = rating.rated(event.text) is None
        without = self._without_each(event.text, read) if event.explain and has_words else ()
        return Question(item=event.text, context=read, further=(*read.spoken.asks, *without))

    def _without_each(self, text: str, read: Read) -> Sequence[Ask]:
        read.stretches = self._explainer.stretches(text)
        if not read.stretches:
            return ()
        items = without_each(text, read.stretches)
        read.without = Ask(slot=self.spec.slot, items=items, answers_unread=True)
        return (read.without,)

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
    """Return a review's labels, with what `moderated` says of it, by the fields' names.

    A text that is nothing but a rating is labelled by that and not by `row`, which the model gave.
    """
    decision = rating.decide(event.text, model.labels) or sentiment.decide(row, model.labels)
    label, score, scores = decision
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
        explanation=_explained(read, decision, model),
        **moderated,
    )


def _explained(read: Read, decision: sentiment.Decision, model: ModelInfo) -> Explanation | None:
    """Return what moved the score; None where nobody asks, or the model that decided is gone."""
    ask = read.without
    if ask is None or ask.model is None or model_id(ask.model) != model_id(model):
        return None
    return explanation(read.stretches, decision, np.stack(ask.rows), model.labels)
