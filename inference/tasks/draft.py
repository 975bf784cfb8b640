"""What `compose` decides on one message of a customer, before it is put into an envelope."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.base import Language
from schemas.results import HandOffReason, OrderFact, Outcome


@dataclass(frozen=True, kw_only=True)
class ReplyDraft:
    """A reply, or what to say while a person takes over."""

    text: str  # shown to the customer, a hand-off's too
    language: Language
    intent: str
    confidence: float  # of `intent`, 0 to 1
    outcome: Outcome = Outcome.RESULT  # or HANDED_OFF, EXPIRED
    reason: HandOffReason | None = None  # of the hand-off
    entries: tuple[str, ...] = ()  # knowledge entries that the text rests on
    order_id: str | None = None  # the customer's own order that the text is about
    facts: tuple[OrderFact, ...] = ()  # of that order, which the text states
