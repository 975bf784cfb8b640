"""What to say of one order: a sentence for each wish and each state, from its facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from inference.tasks.facts import OrderFacts
from inference.tasks.intents import Intent
from inference.tasks.phrases import Phrase, say, wants
from inference.tasks.spoken import Titles, spoken_day, spoken_goods
from schemas.base import Language
from schemas.events import OrderStatus
from schemas.results import HandOffReason, OrderFact

_CANCEL: Final = {
    OrderStatus.PLACED: Phrase.CANCEL_PLACED,
    OrderStatus.SHIPPED: Phrase.CANCEL_SHIPPED,
    OrderStatus.DELIVERED: Phrase.CANCEL_DELIVERED,
    OrderStatus.CANCELLED: Phrase.ALREADY_CANCELLED,
}
_CHANGE: Final = {
    OrderStatus.PLACED: Phrase.CHANGE_PLACED,
    OrderStatus.SHIPPED: Phrase.CHANGE_SHIPPED,
    OrderStatus.DELIVERED: Phrase.CHANGE_DELIVERED,
    OrderStatus.CANCELLED: Phrase.ALREADY_CANCELLED,
}
_ENDED: Final = {
    OrderStatus.CANCELLED: Phrase.CANCELLED,
    OrderStatus.RETURNED: Phrase.RETURNED,
}
LONG_UNDER_WAY: Final = timedelta(days=14)
"""After this a parcel without a day of arrival should have come."""


class Stated(NamedTuple):
    """A sentence, and what of the order it states."""

    sentence: str
    facts: tuple[OrderFact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """How facts are put into words for one customer."""

    language: Language
    now: datetime  # when the customer asked
    zone: tzinfo  # whose days are named
    titles: Titles

    def day(self, moment: datetime) -> str:
        """Return the day of `moment`."""
        return spoken_day(moment, self.now, self.language, self.zone)

    def named(self, order: OrderFacts) -> Stated:
        """Return the order's number, and what is in it where the catalogue has a name for it."""
        goods = spoken_goods(order, self.language, self.titles)
        named = say(Phrase.ORDER, self.language, order_id=order.order_id, goods=goods)
        return Stated(named, (OrderFact.ITEMS,) if goods else ())

    def about(self, phrase: Phrase, order: OrderFacts) -> Stated:
        """Return the phrase with the order and the day of its state in it."""
        named, facts = self.named(order)
        # What has been told has happened, whatever the clocks of its teller and the asker say.
        day = self.day(min(order.updated_at, self.now))
        sentence = say(phrase, self.language, order=named, day=day)
        dated = (OrderFact.UPDATED_AT,) if "day" in wants(phrase, self.language) else ()
        return Stated(sentence, (OrderFact.STATUS, *dated, *facts))


@dataclass(frozen=True, kw_only=True)
class OrderAnswer:
    """The sentences, and why a person goes on from there, if one does."""

    stated: Sequence[Stated]
    reason: HandOffReason | None = None
    wants_entry: bool = False  # a knowledge entry of the intent should follow

    @property
    def sentences(self) -> list[str]:
        """What is said."""
        return [one.sentence for one in self.stated]

    @property
    def facts(self) -> tuple[OrderFact, ...]:
        """What of the order is said, each once."""
        return tuple(dict.fromkeys(fact for one in self.stated for fact in one.facts))


def answer_on_order(intent: str, order: OrderFacts, speaker: Speaker) -> OrderAnswer:
    """Return what to say to an intent of `ORDER_INTENTS` about `order`."""
    if intent == Intent.REFUND_STATUS:
        return _refund(order, speaker)
    table = {Intent.CANCEL_ORDER: _CANCEL, Intent.CHANGE_ORDER: _CHANGE}.get(Intent(intent))
    if table is None or order.status not in table:
        return OrderAnswer(stated=_status(order, speaker))
    # A colleague does it: nothing here can call off or change an order.
    by_a_person = HandOffReason.ACTION_NEEDED if order.status is OrderStatus.PLACED else None
    return OrderAnswer(stated=[speaker.about(table[order.status], order)], reason=by_a_person)


def answer_on_missing(order: OrderFacts, speaker: Speaker) -> OrderAnswer | None:
    """Return what to say to someone whose parcel has not come, None where it need not have yet."""
    if order.status is OrderStatus.DELIVERED:
        stated = [speaker.about(Phrase.DELIVERED, order)]
    elif order.status is OrderStatus.SHIPPED and _is_overdue(order, speaker):
        stated = _status(order, speaker)
    else:
        return None
    looked_into = Stated(say(Phrase.MISSING, speaker.language))
    return OrderAnswer(stated=[*stated, looked_into], reason=HandOffReason.ACTION_NEEDED)


def _refund(order: OrderFacts, speaker: Speaker) -> OrderAnswer:
    if order.status in _ENDED:
        return OrderAnswer(stated=[speaker.about(_ENDED[order.status], order)], wants_entry=True)
    # Money that the customer waits for and no return that is known: a person must look.
    stated = [speaker.about(Phrase.NO_RETURN, order)]
    return OrderAnswer(stated=stated, reason=HandOffReason.NO_KNOWLEDGE)


def _status(order: OrderFacts, speaker: Speaker) -> list[Stated]:
    if order.status in _ENDED:
        return [speaker.about(_ENDED[order.status], order)]
    if order.status is OrderStatus.DELIVERED:
        missing = say(Phrase.NOT_RECEIVED, speaker.language)
        return [speaker.about(Phrase.DELIVERED, order), Stated(missing)]
    if order.status is OrderStatus.PLACED:
        return [speaker.about(Phrase.PLACED, order), *_arrival(order, speaker)]
    return [_on_its_way(order, speaker), *_arrival(order, speaker)]


def _on_its_way(order: OrderFacts, speaker: Speaker) -> Stated:
    language = speaker.language
    by = say(Phrase.BY_CARRIER, language, carrier=order.carrier) if order.carrier else ""
    number = say(Phrase.WITH_TRACKING, language, tracking=order.tracking) if order.tracking else ""
    named, facts = speaker.named(order)
    parcel = {OrderFact.CARRIER: order.carrier, OrderFact.TRACKING: order.tracking}
    return Stated(
        say(Phrase.SHIPPED, language, order=named, carrier=by, tracking=number),
        (OrderFact.STATUS, *facts, *(fact for fact, known in parcel.items() if known)),
    )


def _arrival(order: OrderFacts, speaker: Speaker) -> list[Stated]:
    if order.eta is None:
        return []
    phrase = Phrase.LATE if _is_overdue(order, speaker) else Phrase.DUE
    sentence = say(phrase, speaker.language, day=speaker.day(order.eta))
    return [Stated(sentence, (OrderFact.ETA,))]


def _is_overdue(order: OrderFacts, speaker: Speaker) -> bool:
    if order.eta is None:
        return speaker.now - order.updated_at > LONG_UNDER_WAY
    today = speaker.now.astimezone(speaker.zone).date()
    return order.eta.astimezone(speaker.zone).date() < today
