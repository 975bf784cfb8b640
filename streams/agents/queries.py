"""Customers' messages in, replies or hand-offs out."""

from __future__ import annotations

import numpy as np

from inference.messages import ModelInfo
from inference.tasks import registry
from inference.tasks.facts import OrderFacts, SessionView, remember_turn
from inference.tasks.reading import ReplyPolicy
from inference.tasks.reply import Customer, Shop, compose
from inference.tasks.unread import nothing_said, says_something, too_late
from schemas.base import Language
from schemas.events import QueryEvent
from schemas.results import Outcome, Reply
from streams.handler import Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.state import State, remember_language
from streams.tables import Changes

REPLIES = "replies"
HANDOFFS = "handoffs"


class QueryHandler:
    """Answers from the knowledge base and the customer's own orders, or hands off.

    The session is read and written when the outcome leaves, so that a message is judged with the
    turns before it even if they came in the same chunk.
    """

    spec = registry.task("reply")

    def __init__(self, state: State, policy: ReplyPolicy, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._state = state
        self._shop = Shop(knowledge=state.knowledge, titles=self._title, policy=policy)

    def key(self, event: QueryEvent) -> str:
        """Replies of one conversation leave in the order of its messages."""
        return event.user_id or event.session_id

    def prepare(self, event: QueryEvent, changes: Changes) -> Question:
        """Ask for the text's intent, if it has any words."""
        return Question(item=event.text if says_something(event.text) else None)

    def decide(
        self,
        event: QueryEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        """Return the reply, or that a person answers, and remember the turn."""
        session = self._session(event, changes)
        customer = Customer(session=session, orders=self._orders(event, changes))
        if question.item is None:
            draft = nothing_said(event, customer, self._shop)
        elif row is None:
            draft = too_late(event, customer, self._shop)
        else:
            # Of what no model can read every intent is as likely: too little to answer by.
            read = np.where(np.isfinite(row), row, 1 / len(model.labels))
            draft = compose(event, read.tolist(), model.labels, customer, self._shop)
        turns = remember_turn(session, event, draft)
        changes.put(self._state.sessions, event.session_id, turns.to_json())
        if event.user_id is not None:
            table = self._state.query_languages
            remember_language(table, event.user_id, draft.language, changes)
        message = Reply(
            **envelope.fields(),
            outcome=draft.outcome,
            query_id=event.query_id,
            session_id=event.session_id,
            user_id=event.user_id,
            language=draft.language,
            text=draft.text,
            intent=draft.intent,
            confidence=draft.confidence,
            entries=draft.entries,
            order_id=draft.order_id,
            facts=draft.facts,
            reason=draft.reason,
        )
        topic_id = REPLIES if draft.outcome is Outcome.RESULT else HANDOFFS
        return Outgoing(topic_id=topic_id, key=event.session_id, message=message)

    def _session(self, event: QueryEvent, changes: Changes) -> SessionView:
        stored = changes.get(self._state.sessions, event.session_id)
        return SessionView() if stored is None else SessionView.from_json(stored)

    def _orders(self, event: QueryEvent, changes: Changes) -> list[OrderFacts]:
        if event.user_id is None:
            return []
        stored = changes.get(self._state.orders, event.user_id) or []
        return [OrderFacts.from_json(facts) for facts in stored]

    def _title(self, product_id: str, language: Language) -> str | None:
        return self._state.catalogue.title(product_id, language)
