"""People's decisions in; out comes what became of each, and the labels of the review it settles."""

from __future__ import annotations

import math
from typing import Any, Final

from inference.messages import ModelInfo
from inference.tasks import registry
from inference.tasks.moderation import settle
from schemas.events import ModerationDecision, Verdict
from schemas.results import (
    DecidedBy,
    Decision,
    Effect,
    HeldReview,
    Outcome,
    ReviewDecision,
    ReviewLabels,
)
from streams.agents.reviews import TOPIC as LABELS
from streams.handler import Question, Row
from streams.held import HeldReviews
from streams.outgoing import Envelope, Outgoing
from streams.tables import Changes

TOPIC: Final = "review-decisions"


class DecisionHandler:
    """Joins a decision to the review that it is about. No model is asked.

    The first decision on a hold is applied, and applied again where its record comes again;
    whatever becomes of it, it has an outcome.
    """

    spec = registry.task("moderation")
    deadline_s = math.inf

    def __init__(self, held: HeldReviews) -> None:
        self._held = held

    def key(self, event: ModerationDecision) -> str:
        """Decisions on one author's reviews leave in their order."""
        return event.user_id

    def prepare(self, event: ModerationDecision, changes: Changes) -> Question:
        """Ask nothing."""
        return Question(item=None)

    def decide(
        self,
        event: ModerationDecision,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return what became of the decision; beside it the review's labels, if it was applied."""
        held, settled = self._held.find(event.user_id, event.review_id, changes)
        effect = settle(held, settled, event, envelope.result_id)
        common: dict[str, Any] = {
            **envelope.fields(),
            "outcome": Outcome.RESULT,
            "decision": Decision(event.decision.value),
        }
        if held is None or effect is not Effect.APPLIED:
            settles = None if effect is Effect.NOT_WAITING or held is None else held.result_id
            return _outgoing(_decision(event, effect, common, settles=settles))
        self._held.settle(held, envelope.result_id, changes)
        learnt = {"language": held.language, "text": held.text, "labels": _labels(event, held)}
        decision = _decision(event, effect, common, settles=held.result_id, **learnt)
        labels = ReviewLabels(
            **(held.shared() | common), decided_by=DecidedBy.PERSON, settles=held.result_id
        )
        return _outgoing(decision, Outgoing(topic_id=LABELS, key=event.user_id, message=labels))


def _outgoing(decision: ReviewDecision, *beside: Outgoing) -> Outgoing:
    return Outgoing(topic_id=TOPIC, key=decision.user_id, message=decision, beside=beside)


def _decision(
    event: ModerationDecision, effect: Effect, common: dict[str, Any], **more: Any
) -> ReviewDecision:
    return ReviewDecision(
        **common,
        review_id=event.review_id,
        user_id=event.user_id,
        effect=effect,
        decided_by=event.decided_by,
        **more,
    )


def _labels(event: ModerationDecision, held: HeldReview) -> tuple[str, ...]:
    """Return what is in a review: as the person says, else as they agreed with its reasons."""
    if event.labels is not None:
        return event.labels
    if event.decision is Verdict.ALLOW:
        return ()
    return tuple(reason.attribute for reason in held.reasons)
