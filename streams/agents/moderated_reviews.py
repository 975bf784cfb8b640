"""Reviews in; out come labels with a decision, and what a person is to look at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from inference.messages import ModelInfo
from inference.tasks import moderation, registry
from inference.tasks.clauses import Place
from inference.tasks.moderation import Finding, Judgement, Policy, Scores
from schemas.events import ReviewEvent
from schemas.results import DecidedBy, Decision, HeldReview, Outcome, Reason, ReviewLabels
from streams.agents.aspects import NO_ASPECTS, AspectReader
from streams.agents.reviews import TOPIC, Read, ReviewHandler, labelled
from streams.handler import Ask, Question, Row, answered
from streams.held import HeldReviews
from streams.outgoing import Envelope, Outgoing, model_id
from streams.state import State
from streams.tables import Changes

HELD: Final = "held-reviews"
MOST_HELD_CHARACTERS: Final = 100_000
"""Of a held review's text that is kept: a record and a changelog take a megabyte at most."""


@dataclass(kw_only=True, slots=True, eq=False)
class _Read:
    """What is known of a review on its way."""

    labels: Read
    ask: Ask
    scores: Scores = field(default_factory=dict)
    judgement: Judgement | None = None  # nobody allowed what nobody has judged
    parts: Sequence[Place] = ()  # that were scored again
    closer: Ask | None = None  # where they were


class ModeratedReviewHandler:
    """Labels a review and decides on it: the sentiment model and the moderation model are asked.

    Only of a review that is not allowed the clauses are asked, too, to say where the reason stands.
    """

    spec = registry.task("sentiment")
    deadline_s = math.inf

    def __init__(
        self,
        state: State,
        held: HeldReviews,
        policy: Policy,
        aspects: AspectReader = NO_ASPECTS,
    ) -> None:
        self._labels = ReviewHandler(state, aspects)
        self._held = held
        self._policy = policy

    def key(self, event: ReviewEvent) -> str:
        """Outcomes of one author's reviews leave in the order of the reviews."""
        return self._labels.key(event)

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        """Ask for the text's sentiment, and for what speaks against it."""
        question = self._labels.prepare(event, changes)
        ask = Ask(slot=registry.MODERATION, items=(event.text,))
        read = _Read(labels=question.context, ask=ask)
        ask.then = partial(self._look_closer, event.text, read)
        return Question(item=question.item, context=read, further=(*question.further, ask))

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return the labels with the decision, and beside them what a person is to look at."""
        read: _Read = question.context
        judgement = read.judgement
        if judgement is None:
            raise ValueError("a review was not judged")
        is_held = judgement.decision is Decision.HOLD
        message = labelled(
            event,
            read.labels,
            answered(row),
            model,
            envelope,
            outcome=Outcome.HELD if is_held else Outcome.RESULT,
            attributes=read.scores,
            decision=judgement.decision,
            decided_by=DecidedBy.MODEL,
            reasons=_reasons(event.text, read, judgement.findings) if judgement.findings else (),
            moderation_model=model_id(read.ask.model) if read.ask.model else None,
        )
        if not is_held:
            return Outgoing(topic_id=TOPIC, key=event.user_id, message=message)
        held = _held(event, message)
        self._held.hold(held, changes)
        beside = Outgoing(topic_id=HELD, key=event.user_id, message=held)
        return Outgoing(topic_id=TOPIC, key=event.user_id, message=message, beside=(beside,))

    def _look_closer(self, text: str, read: _Read, ask: Ask) -> Sequence[Ask]:
        """Take in the scores; return what is to be asked of a review that is not allowed."""
        (row,), model = ask.rows, ask.model
        if model is None:
            raise ValueError("the moderation model gave no answer")
        read.scores = moderation.read(row.tolist(), model.labels, text)
        read.judgement = moderation.decide(read.scores, read.labels.language, self._policy)
        read.parts = moderation.clauses(text) if read.judgement.findings else ()
        if len(read.parts) < 2:  # the whole is its only part
            return ()
        items = [text[start:end] for start, end in read.parts]
        read.closer = Ask(slot=ask.slot, items=items, answers_unread=True)
        return (read.closer,)


def _reasons(text: str, read: _Read, findings: Sequence[Finding]) -> tuple[Reason, ...]:
    scored: dict[Place, Scores] = {}
    if read.closer is not None and read.closer.model is not None:
        labels = read.closer.model.labels
        for place, row in zip(read.parts, read.closer.rows, strict=True):
            # A clause that no model can read says nothing.
            scored[place] = dict(
                zip(labels, (float(s) if s == s else 0.0 for s in row), strict=True)
            )
    return moderation.reasons(findings, text, scored)


def _held(event: ReviewEvent, labels: ReviewLabels) -> HeldReview:
    return HeldReview(
        **labels.shared(),
        text=event.text[:MOST_HELD_CHARACTERS],
        rating=event.rating,
        created_at=event.created_at,
    )
