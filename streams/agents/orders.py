"""Orders in, recommendations out; on the way, what queries need to know of orders."""

from __future__ import annotations

import math
from dataclasses import dataclass

from inference.messages import ModelInfo
from inference.tasks import registry
from inference.tasks.facts import OrderFacts, remember_order
from inference.tasks.purchases import READ, History, remember_purchase
from inference.tasks.recommend import Buyer, rank
from schemas.events import OrderEvent
from schemas.results import Outcome, Recommendations
from streams.handler import Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.state import State
from streams.tables import Changes

TOPIC = "recommendations"


@dataclass(frozen=True, kw_only=True)
class Taste:
    """What is recommended for, and how much."""

    count: int  # items in one recommendation
    history: int  # purchases kept a customer


class OrderHandler:
    """Remembers the order, and recommends what may follow the customer's purchases."""

    spec = registry.task("recommend")
    deadline_s = math.inf

    def __init__(self, state: State, taste: Taste) -> None:
        self._state = state
        self._taste = taste

    def key(self, event: OrderEvent) -> str:
        """Recommendations for one customer leave in the order of the orders."""
        return event.user_id

    def prepare(self, event: OrderEvent, changes: Changes) -> Question:
        """Remember the order and ask for the vector of the customer's history."""
        self._remember_facts(event, changes)
        history = self._remember_purchase(event, changes)
        texts = self._state.catalogue.texts(history.products[-READ:])
        return Question(item=texts or None, context=history)

    def decide(
        self,
        event: OrderEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return the items that fit the history, or what is wanted where it is unknown."""
        history: History = question.context
        if not self._state.fits_catalogue(model):
            row = None  # a model takes over, and the catalogue's vectors are not its own yet
        buyer = Buyer(
            orders=[purchase.products for purchase in history.purchases],
            vector=row,
            language=self._state.language(event.user_id, changes),
        )
        items = rank(
            buyer, self._state.catalogue, self._taste.count, self._state.demand, event.created_at
        )
        message = Recommendations(
            **envelope.fields(),
            outcome=Outcome.RESULT,
            order_id=event.order_id,
            user_id=event.user_id,
            history=len(history.products),
            items=tuple(items),
        )
        return Outgoing(topic_id=TOPIC, key=event.user_id, message=message)

    def _remember_facts(self, event: OrderEvent, changes: Changes) -> None:
        table = self._state.orders
        known = [OrderFacts.from_json(facts) for facts in changes.get(table, event.user_id) or []]
        facts = remember_order(known, event)
        if facts != known:
            changes.put(table, event.user_id, [one.to_json() for one in facts])

    def _remember_purchase(self, event: OrderEvent, changes: Changes) -> History:
        table = self._state.purchases
        stored = changes.get(table, event.user_id)
        known = History() if stored is None else History.from_json(stored)
        history = remember_purchase(known, event, self._taste.history)
        if history != known:
            changes.put(table, event.user_id, history.to_json())
            ordered = (p.products for p in history.purchases if p.order_id == event.order_id)
            self._state.demand.add((event.created_at, products) for products in ordered)
        return history
