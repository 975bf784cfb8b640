"""What is said to a message that no model read: a person answers it."""

from __future__ import annotations

from typing import Final

from inference.tasks.draft import ReplyDraft
from inference.tasks.language import guess_language
from inference.tasks.phrases import Phrase, say
from inference.tasks.reply import Customer, Shop
from schemas.base import Language
from schemas.events import QueryEvent
from schemas.results import HandOffReason, Outcome

UNREAD: Final = "unread"
"""Intent of a message that no model saw."""


def says_something(text: str) -> bool:
    """Whether there is a letter or a digit for a model to read; "?" may mean anything."""
    return any(map(str.isalnum, text))


def nothing_said(query: QueryEvent, customer: Customer, shop: Shop) -> ReplyDraft:
    """Return the hand-off of a message without a letter or a digit."""
    language = _language(query, customer, shop)
    return ReplyDraft(
        text=say(Phrase.UNSURE, language),
        language=language,
        intent=UNREAD,
        confidence=0.0,
        outcome=Outcome.HANDED_OFF,
        reason=HandOffReason.UNSURE,
    )


def too_late(query: QueryEvent, customer: Customer, shop: Shop) -> ReplyDraft:
    """Return what to say to a message that no model had time for."""
    language = _language(query, customer, shop)
    return ReplyDraft(
        text=say(Phrase.TOO_LATE, language),
        language=language,
        intent=UNREAD,
        confidence=0.0,
        outcome=Outcome.EXPIRED,
    )


def _language(query: QueryEvent, customer: Customer, shop: Shop) -> Language:
    earlier = customer.session.before(query, shop.policy.window)
    return guess_language(query.text, earlier[-1].language if earlier else None)
