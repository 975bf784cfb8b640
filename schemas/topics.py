"""Names, keys and limits of all topics, in one place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from schemas.base import Message
from schemas.events import ModerationDecision, OrderEvent, QueryEvent, ReviewEvent
from schemas.letters import DeadLetter
from schemas.models import ModelAgreement, ModelCommand, ModelEvent
from schemas.reference import CatalogueItem, KnowledgeEntry
from schemas.results import (
    Envelope,
    HeldReview,
    Recommendations,
    Reply,
    ReviewDecision,
    ReviewLabels,
)

MEBIBYTE = 1024 * 1024
DAY_MS = 24 * 60 * 60 * 1000
HELD_MS = 28 * DAY_MS
"""How long a review may wait for a person."""
DEFAULT_PARTITIONS = 4


class Role(StrEnum):
    """What a topic is to shopstreams."""

    SOURCE = "source"
    REFERENCE = "reference"
    RESULT = "result"
    BESIDE = "beside"  # what leaves with some results, under their ids, for other readers
    CONTROL = "control"  # what workers are told by their operator
    REPORT = "report"  # what workers say of themselves

    @property
    def is_ours(self) -> bool:
        """Whether we write it and others read it."""
        return self in (Role.RESULT, Role.BESIDE, Role.REPORT)


@dataclass(frozen=True, kw_only=True)
class TopicSpec:
    """One topic."""

    id: str  # how configuration and code call it
    name: str  # how the broker calls it
    role: Role
    message: type[Message] | type[Envelope]  # what its values are
    key: str  # the field that is the record's key
    compacted: bool = False
    retention_ms: int = 7 * DAY_MS
    max_message_bytes: int = MEBIBYTE + 12  # Kafka's own default
    description: str = field(default="")

    @property
    def event(self) -> type[Message]:
        """What its values are that others write; raises `TypeError` where only we write."""
        if not issubclass(self.message, Message):
            raise TypeError(f"{self.id} holds results, no events")
        return self.message

    def broker_config(self) -> dict[str, str]:
        """Return the topic's settings under Kafka's names."""
        config = {"max.message.bytes": str(self.max_message_bytes)}
        if self.compacted:
            return config | {"cleanup.policy": "compact"}
        return config | {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


DEFAULT_TOPICS: tuple[TopicSpec, ...] = (
    TopicSpec(
        id="reviews",
        name="reviews",
        role=Role.SOURCE,
        message=ReviewEvent,
        key="user_id",
        description="Customers' reviews.",
    ),
    TopicSpec(
        id="queries",
        name="queries",
        role=Role.SOURCE,
        message=QueryEvent,
        key="user_id",
        description="Customers' messages; keyed by session_id where no user is known.",
    ),
    TopicSpec(
        id="orders",
        name="orders",
        role=Role.SOURCE,
        message=OrderEvent,
        key="user_id",
        description="Orders and the changes of their state.",
    ),
    TopicSpec(
        id="moderation-decisions",
        name="moderation-decisions",
        role=Role.SOURCE,
        message=ModerationDecision,
        key="user_id",
        description="People's decisions on held reviews.",
    ),
    TopicSpec(
        id="catalogue",
        name="catalogue",
        role=Role.REFERENCE,
        message=CatalogueItem,
        key="product_id",
        compacted=True,
        description="What can be bought.",
    ),
    TopicSpec(
        id="knowledge",
        name="knowledge",
        role=Role.REFERENCE,
        message=KnowledgeEntry,
        key="entry_id",
        compacted=True,
        description="What customers ask, and the answers.",
    ),
    TopicSpec(
        id="review-labels",
        name="review-labels",
        role=Role.RESULT,
        message=ReviewLabels,
        key="user_id",
        description="Label, score and decision of each review; a person's decision comes after.",
    ),
    TopicSpec(
        id="held-reviews",
        name="held-reviews",
        role=Role.BESIDE,
        message=HeldReview,
        key="user_id",
        retention_ms=HELD_MS,
        description="Reviews that wait for a person, with what speaks against them.",
    ),
    TopicSpec(
        id="review-decisions",
        name="review-decisions",
        role=Role.RESULT,
        message=ReviewDecision,
        key="user_id",
        retention_ms=365 * DAY_MS,
        description="What became of people's decisions; kept for a year to train with.",
    ),
    TopicSpec(
        id="replies",
        name="replies",
        role=Role.RESULT,
        message=Reply,
        key="session_id",
        description="Answers to customers' messages.",
    ),
    TopicSpec(
        id="handoffs",
        name="handoffs",
        role=Role.RESULT,
        message=Reply,
        key="session_id",
        description="Messages that a person should answer, with what to say meanwhile.",
    ),
    TopicSpec(
        id="recommendations",
        name="recommendations",
        role=Role.RESULT,
        message=Recommendations,
        key="user_id",
        description="What a customer may like next, after each order event.",
    ),
    TopicSpec(
        id="dead-letters",
        name="dead-letters",
        role=Role.RESULT,
        message=DeadLetter,
        key="source",
        max_message_bytes=2 * MEBIBYTE,
        description="Records that could not be worked on; keyed as they were.",
    ),
    TopicSpec(
        id="model-commands",
        name="model-commands",
        role=Role.CONTROL,
        message=ModelCommand,
        key="slot",
        compacted=True,
        description="Which models the workers are to use. Who may write here chooses them.",
    ),
    TopicSpec(
        id="model-events",
        name="model-events",
        role=Role.REPORT,
        message=ModelEvent,
        key="slot",
        description="What became of a command, worker by worker.",
    ),
    TopicSpec(
        id="model-agreement",
        name="model-agreement",
        role=Role.REPORT,
        message=ModelAgreement,
        key="slot",
        description="How a candidate compares with the model in use.",
    ),
)


MODERATION = frozenset({"moderation-decisions", "held-reviews", "review-decisions"})
"""Ids of what is for moderation alone."""


@dataclass(frozen=True)
class Topics:
    """All topics under the names that a shop gave them."""

    specs: tuple[TopicSpec, ...] = DEFAULT_TOPICS

    @classmethod
    def named(cls, names: Mapping[str, str]) -> Topics:
        """Return the topics with the broker's names in `names` (id to name) in force.

        Raises `KeyError` with the id where there is no such topic.
        """
        known = {spec.id for spec in DEFAULT_TOPICS}
        for topic_id in names:
            if topic_id not in known:
                raise KeyError(topic_id)
        return cls(tuple(replace(s, name=names.get(s.id, s.name)) for s in DEFAULT_TOPICS))

    @cached_property
    def _by_id(self) -> dict[str, TopicSpec]:
        return {spec.id: spec for spec in self.specs}

    def __getitem__(self, topic_id: str) -> TopicSpec:
        return self._by_id[topic_id]

    def without(self, ids: Collection[str]) -> Topics:
        """Return the topics but those of these ids."""
        return Topics(tuple(spec for spec in self.specs if spec.id not in ids))

    def of(self, role: Role) -> tuple[TopicSpec, ...]:
        """Return the topics of one role."""
        return tuple(spec for spec in self.specs if spec.role is role)
