"""The answer to a customer's message, or the decision that a person should give it.

    read the intent ─► follow-up? ─► a person? ─► sure? ─► meant? ─► small talk │ own order │ entry
                                        └──────────┴─────────┴──────────┴───► hand-off, kindly

Nothing is said that is not in a knowledge entry or in the facts of the customer's own orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from inference.tasks.cancelled import tells_of_cancelling
from inference.tasks.draft import ReplyDraft
from inference.tasks.facts import OrderFacts, SessionView, Turn, digest_of_question
from inference.tasks.intents import ORDER_INTENTS, SMALL_TALK, Intent
from inference.tasks.knowledge import KnowledgeBase
from inference.tasks.language import guess_language
from inference.tasks.missing import tells_of_delivery, tells_of_missing
from inference.tasks.negated import is_taken_back
from inference.tasks.order_answers import OrderAnswer, Speaker, answer_on_missing, answer_on_order
from inference.tasks.own_orders import Mention, last_delivered, mentioned, most_likely, other_open
from inference.tasks.phrases import Phrase, in_a_row, say
from inference.tasks.reading import (
    Reading,
    ReplyPolicy,
    asked_too_often,
    doubtful_again,
    read_intent,
    resolved,
)
from inference.tasks.small_talk import is_small_talk, small_talk
from inference.tasks.spoken import Titles
from schemas.base import Language
from schemas.events import QueryEvent
from schemas.reference import KnowledgeEntry
from schemas.results import HandOffReason, Outcome


@dataclass(frozen=True, kw_only=True)
class Customer:
    """What is known of who asks."""

    session: SessionView = field(default_factory=SessionView)
    orders: Sequence[OrderFacts] = ()  # the same user's own, never anyone else's


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What is known of the shop."""

    knowledge: KnowledgeBase
    titles: Titles
    policy: ReplyPolicy = field(default_factory=ReplyPolicy)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One message with all that answering it needs."""

    query: QueryEvent
    language: Language
    reading: Reading
    mention: Mention
    earlier: tuple[Turn, ...]
    orders: Sequence[OrderFacts]
    shop: Shop


def compose(
    query: QueryEvent,
    row: Sequence[float],
    labels: Sequence[str],
    customer: Customer,
    shop: Shop,
) -> ReplyDraft:
    """Return the reply to `query`, whose intent probabilities are `row` [labels]."""
    asked = _understood(query, read_intent(row, labels, shop.policy), customer, shop)
    return next(draft for rule in _RULES if (draft := rule(asked)))


def _understood(query: QueryEvent, reading: Reading, customer: Customer, shop: Shop) -> _Asked:
    earlier = customer.session.before(query, shop.policy.window)
    # Nobody's orders are told to someone without a name, whatever the caller passed.
    orders = customer.orders if query.user_id is not None else ()
    mention = mentioned(query, orders)
    names_order = mention.own is not None or mention.unknown
    if (said := small_talk(query.text)) is not None:
        reading = Reading(intent=said, confidence=1.0, clear=True)
    else:
        reading = resolved(reading, query.text, earlier, names_order)
    return _Asked(
        query=query,
        language=guess_language(query.text, earlier[-1].language if earlier else None),
        reading=reading,
        mention=mention,
        earlier=earlier,
        orders=orders,
        shop=shop,
    )


_A_PERSON: Final = {
    Intent.HUMAN_AGENT: (HandOffReason.ASKED_FOR, Phrase.ASKED_FOR),
    Intent.COMPLAINT: (HandOffReason.COMPLAINT, Phrase.COMPLAINT),
}


def _a_person_is_wanted(asked: _Asked) -> ReplyDraft | None:
    if not asked.reading.clear or asked.reading.intent not in _A_PERSON:
        return None
    return _handed_off(asked, *_A_PERSON[Intent(asked.reading.intent)])


def _the_very_question(asked: _Asked) -> ReplyDraft | None:
    """A question of the knowledge base in its very words needs no model to be sure."""
    if asked.reading.intent in ORDER_INTENTS and asked.orders:
        return None
    entry = asked.shop.knowledge.verbatim(asked.language, asked.query.text)
    return _from_entry(asked, entry) if entry else None


def _not_sure(asked: _Asked) -> ReplyDraft | None:
    if asked.reading.clear and not doubtful_again(asked.reading, asked.earlier, asked.shop.policy):
        return None
    return _handed_off(asked, HandOffReason.UNSURE, Phrase.UNSURE)


def _not_wished(asked: _Asked) -> ReplyDraft | None:
    """A model hears "cancel" in "don't cancel" and in "why was it cancelled"; nothing is done."""
    text, intent = asked.query.text, asked.reading.intent
    if is_taken_back(intent, text):
        return _handed_off(asked, HandOffReason.UNSURE, Phrase.UNSURE)
    if intent == Intent.CANCEL_ORDER and tells_of_cancelling(text):
        return _handed_off(asked, HandOffReason.NO_KNOWLEDGE, Phrase.NO_KNOWLEDGE)
    return None


def _small_talk(asked: _Asked) -> ReplyDraft | None:
    intent, confidence = asked.reading.intent, asked.reading.confidence
    if intent not in SMALL_TALK:
        return None
    if not is_small_talk(intent, confidence, asked.query.text):
        return _handed_off(asked, HandOffReason.UNSURE, Phrase.UNSURE)
    entry = _entry(asked)
    phrase = Phrase.GREETING if intent == Intent.GREETING else Phrase.THANKS
    return _from_entry(asked, entry) if entry else _said(asked, [say(phrase, asked.language)])


def _asked_again(asked: _Asked) -> ReplyDraft | None:
    question = digest_of_question(asked.query.text)
    if not asked_too_often(question, asked.earlier, asked.shop.policy):
        return None
    return _handed_off(asked, HandOffReason.REPEATED, Phrase.AGAIN)


_OF_ARRIVAL: Final = frozenset({Intent.ORDER_STATUS, Intent.SHIPPING_INFO})


def _missing_parcel(asked: _Asked) -> ReplyDraft | None:
    """Told that a parcel has not come which should have, a person looks into it."""
    text, intent = asked.query.text, asked.reading.intent
    if intent not in _OF_ARRIVAL or asked.mention.unknown or not tells_of_missing(text):
        return None
    likely = last_delivered(asked.orders) if tells_of_delivery(text) else None
    order = _named(asked) or likely or most_likely(asked.orders, Intent.ORDER_STATUS)
    answer = answer_on_missing(order, _speaker(asked)) if order else None
    if order is None or answer is None:
        return None
    draft = _said(asked, answer.sentences, order=order, reason=answer.reason)
    return replace(draft, facts=answer.facts)


def _own_order(asked: _Asked) -> ReplyDraft | None:
    if asked.reading.intent not in ORDER_INTENTS:
        return None
    if asked.mention.unknown and asked.query.user_id:
        # The same words whether the order is someone else's or nobody's.
        return _handed_off(asked, HandOffReason.NO_ORDER, Phrase.NO_SUCH_ORDER)
    order = _named(asked) or most_likely(asked.orders, asked.reading.intent)
    if order is None:
        entry = _entry(asked)
        phrase = Phrase.NO_ORDER if asked.query.user_id else Phrase.NO_ACCOUNT
        no_order = _handed_off(asked, HandOffReason.NO_ORDER, phrase)
        return _from_entry(asked, entry) if entry else no_order
    return _on_order(asked, order)


def _named(asked: _Asked) -> OrderFacts | None:
    """Return the own order that the message names, or else the turn that it follows up."""
    followed_up = (o for o in asked.orders if o.order_id == asked.reading.order_id)
    return asked.mention.own or next(followed_up, None)


def _on_order(asked: _Asked, order: OrderFacts) -> ReplyDraft:
    answer = answer_on_order(asked.reading.intent, order, _speaker(asked))
    if answer.wants_entry:
        return replace(_with_entry(asked, order, answer), facts=answer.facts)
    sentences = [*answer.sentences, _more_orders(asked, order)]
    draft = _said(asked, sentences, order=order, reason=answer.reason)
    return replace(draft, facts=answer.facts)


def _speaker(asked: _Asked) -> Speaker:
    return Speaker(
        language=asked.language,
        now=asked.query.created_at,
        zone=asked.shop.policy.zone,
        titles=asked.shop.titles,
    )


def _with_entry(asked: _Asked, order: OrderFacts, answer: OrderAnswer) -> ReplyDraft:
    """The facts, then the shop's own words on such cases, or a person where it has none."""
    entry = _entry(asked)
    if entry:
        return _said(asked, [*answer.sentences, entry.answer], order=order, entry=entry)
    unknown = say(Phrase.REFUND_UNKNOWN, asked.language)
    return _said(
        asked, [*answer.sentences, unknown], order=order, reason=HandOffReason.NO_KNOWLEDGE
    )


def _more_orders(asked: _Asked, order: OrderFacts) -> str:
    others = other_open(asked.orders, order)
    if not others or asked.mention.own or asked.reading.order_id:
        return ""
    phrase = Phrase.ONE_MORE_ORDER if others == 1 else Phrase.MORE_ORDERS
    return say(phrase, asked.language, count=others)


def _knowledge(asked: _Asked) -> ReplyDraft | None:
    entry = _entry(asked)
    return _from_entry(asked, entry) if entry else None


def _nothing_known(asked: _Asked) -> ReplyDraft:
    if asked.reading.intent == Intent.OUT_OF_SCOPE:
        return _handed_off(asked, HandOffReason.OUT_OF_SCOPE, Phrase.OUT_OF_SCOPE)
    return _handed_off(asked, HandOffReason.NO_KNOWLEDGE, Phrase.NO_KNOWLEDGE)


_RULES: Final[tuple[Callable[[_Asked], ReplyDraft | None], ...]] = (
    _a_person_is_wanted,
    _the_very_question,
    _not_sure,
    _not_wished,
    _small_talk,
    _asked_again,
    _missing_parcel,
    _own_order,
    _knowledge,
    _nothing_known,
)
"""The first that has an answer gives it; the last always has one."""


def _entry(asked: _Asked) -> KnowledgeEntry | None:
    return asked.shop.knowledge.best(
        asked.reading.intent,
        asked.language,
        asked.query.text,
        other_language=asked.shop.policy.other_language,
    )


def _from_entry(asked: _Asked, entry: KnowledgeEntry) -> ReplyDraft:
    return _said(asked, [entry.answer], entry=entry)


def _handed_off(asked: _Asked, reason: HandOffReason, phrase: Phrase) -> ReplyDraft:
    order = None if asked.mention.unknown else _named(asked)
    return _said(asked, [say(phrase, asked.language)], order=order, reason=reason)


def _said(
    asked: _Asked,
    sentences: list[str],
    *,
    order: OrderFacts | None = None,
    entry: KnowledgeEntry | None = None,
    reason: HandOffReason | None = None,
) -> ReplyDraft:
    return ReplyDraft(
        text=in_a_row(sentences, asked.language),
        language=asked.language,
        intent=asked.reading.intent,
        confidence=asked.reading.confidence,
        outcome=Outcome.HANDED_OFF if reason else Outcome.RESULT,
        reason=reason,
        entries=(entry.entry_id,) if entry else (),
        order_id=order.order_id if order else None,
    )
