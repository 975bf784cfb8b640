"""What is known of a customer: own orders and the turns of the conversation.

Both are stored in tables as plain dicts. The updates are pure, and events may arrive twice or
out of order: each fact keeps the word of the event with the greatest (created_at, status rank),
so that the same events lead to the same facts in any order and any number.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from inference.tasks.draft import ReplyDraft
from schemas.base import Language
from schemas.events import OrderEvent, OrderStatus, QueryEvent
from schemas.results import HandOffReason, Outcome

KEPT_LINES = 20
"""Of an order of thousands of lines, a reply names the first and counts the rest."""

_RANK: Final = {status: rank for rank, status in enumerate(OrderStatus)}
"""Of two events of the same instant, the later state counts."""

_DIGEST_BYTES = 8


class Detail(NamedTuple):
    """One fact of the parcel and the event that it is from; the greatest is the one to believe."""

    at: datetime
    rank: int
    value: str


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """What is known of one order."""

    order_id: str
    status: OrderStatus
    placed_at: datetime  # of the earliest event that was seen
    updated_at: datetime  # of the event that the status is from
    currency: str
    items: tuple[tuple[str, int], ...]  # (product_id, quantity), the first KEPT_LINES
    lines: int  # how many lines the order has
    details: Mapping[str, Detail]  # carrier, tracking and eta, as far as any event named them

    @classmethod
    def of(cls, event: OrderEvent) -> OrderFacts:
        """Return what one event says."""
        return cls(
            order_id=event.order_id,
            status=event.status,
            placed_at=event.created_at,
            updated_at=event.created_at,
            currency=event.currency,
            items=tuple((line.product_id, line.quantity) for line in event.items[:KEPT_LINES]),
            lines=len(event.items),
            details=_details(event),
        )

    @property
    def carrier(self) -> str | None:
        """Who brings the parcel."""
        return self._detail("carrier")

    @property
    def tracking(self) -> str | None:
        """The parcel's number."""
        return self._detail("tracking")

    @property
    def eta(self) -> datetime | None:
        """When the parcel should arrive."""
        eta = self._detail("eta")
        return datetime.fromisoformat(eta) if eta else None

    @property
    def is_open(self) -> bool:
        """Whether the parcel is still to come."""
        return self.status in (OrderStatus.PLACED, OrderStatus.SHIPPED)

    def _detail(self, name: str) -> str | None:
        detail = self.details.get(name)
        return detail.value if detail else None

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON knows."""
        return {
            "order_id": self.order_id,
            "status": self.status.value,
            "placed_at": self.placed_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
            "currency": self.currency,
            "items": [list(item) for item in self.items],
            "lines": self.lines,
            "details": {n: [d.at.isoformat(), d.rank, d.value] for n, d in self.details.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> OrderFacts:
        """Return the facts that `to_json` stored."""
        return cls(
            order_id=stored["order_id"],
            status=OrderStatus(stored["status"]),
            placed_at=datetime.fromisoformat(stored["placed_at"]),
            updated_at=datetime.fromisoformat(stored["updated_at"]),
            currency=stored["currency"],
            items=tuple((product, quantity) for product, quantity in stored["items"]),
            lines=stored["lines"],
            details={
                name: Detail(datetime.fromisoformat(at), rank, value)
                for name, (at, rank, value) in stored["details"].items()
            },
        )


def _details(event: OrderEvent) -> dict[str, Detail]:
    said = {
        "carrier": event.carrier,
        "tracking": event.tracking,
        "eta": event.eta.isoformat() if event.eta else None,
    }
    rank = _RANK[event.status]
    return {name: Detail(event.created_at, rank, value) for name, value in said.items() if value}


def remember_order(
    facts: Sequence[OrderFacts], event: OrderEvent, limit: int = 20
) -> list[OrderFacts]:
    """Return the facts with what `event` says, the `limit` orders last heard of, newest last."""
    new = OrderFacts.of(event)
    others = [known for known in facts if known.order_id != new.order_id]
    same = [known for known in facts if known.order_id == new.order_id]
    for known in same:
        new = _merged(known, new)
    return sorted([*others, new], key=lambda f: (f.updated_at, f.order_id))[-limit:]


def _merged(one: OrderFacts, other: OrderFacts) -> OrderFacts:
    # The values break ties: any rule will do that does not ask who came first.
    head = max(one, other, key=_credence)
    names = {**one.details, **other.details}
    return replace(
        head,
        placed_at=min(one.placed_at, other.placed_at),
        details={
            name: max(f.details[name] for f in (one, other) if name in f.details) for name in names
        },
    )


def _credence(facts: OrderFacts) -> tuple[object, ...]:
    return facts.updated_at, _RANK[facts.status], facts.lines, facts.items, facts.currency


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One message of the customer and what became of it; holds none of its words."""

    query_id: str
    asked_at: datetime
    question: str  # digest of the message, to tell a repeated one
    intent: str
    confidence: float
    order_id: str | None
    outcome: Outcome
    reason: HandOffReason | None
    language: Language

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON knows."""
        return {
            "query_id": self.query_id,
            "asked_at": self.asked_at.isoformat(),
            "question": self.question,
            "intent": self.intent,
            "confidence": self.confidence,
            "order_id": self.order_id,
            "outcome": self.outcome.value,
            "reason": self.reason.value if self.reason else None,
            "language": self.language.value,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Turn:
        """Return the turn that `to_json` stored."""
        reason = stored["reason"]
        return cls(
            query_id=stored["query_id"],
            asked_at=datetime.fromisoformat(stored["asked_at"]),
            question=stored["question"],
            intent=stored["intent"],
            confidence=stored["confidence"],
            order_id=stored["order_id"],
            outcome=Outcome(stored["outcome"]),
            reason=HandOffReason(reason) if reason else None,
            language=Language(stored["language"]),
        )


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """The last turns of one conversation, oldest first."""

    turns: tuple[Turn, ...] = ()

    def before(self, query: QueryEvent, window: timedelta) -> tuple[Turn, ...]:
        """Return the turns of the last `window` without `query` itself, should it come again."""
        since = query.created_at - window
        others = (turn for turn in self.turns if turn.query_id != query.query_id)
        return tuple(turn for turn in others if since <= turn.asked_at <= query.created_at)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON knows."""
        return {"turns": [turn.to_json() for turn in self.turns]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SessionView:
        """Return the session that `to_json` stored."""
        return cls(turns=tuple(Turn.from_json(turn) for turn in stored["turns"]))


def remember_turn(
    session: SessionView, query: QueryEvent, draft: ReplyDraft, limit: int = 10
) -> SessionView:
    """Return the session with the turn of `query`, its last `limit` turns by time."""
    turn = Turn(
        query_id=query.query_id,
        asked_at=query.created_at,
        question=digest_of_question(query.text),
        intent=draft.intent,
        confidence=draft.confidence,
        order_id=draft.order_id,
        outcome=draft.outcome,
        reason=draft.reason,
        language=draft.language,
    )
    others = (known for known in session.turns if known.query_id != turn.query_id)
    return SessionView(turns=_by_time([*others, turn])[-limit:])


def _by_time(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    return tuple(sorted(turns, key=lambda turn: (turn.asked_at, turn.query_id)))


def digest_of_question(text: str) -> str:
    """Return what two messages share that differ only in case, width, blanks and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(char for char in folded if char.isalnum())
    return hashlib.blake2b(letters.encode("utf-8"), digest_size=_DIGEST_BYTES).hexdigest()
