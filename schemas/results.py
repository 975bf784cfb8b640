"""What leaves: one result a task, all in one envelope.

Plain dataclasses, not pydantic models: events are validated because others write them, results
are built by us and checked by the type checker. Validating and serialising a model cost 14 us a
result, a dataclass and orjson cost 4. Not frozen for the same reason; nobody changes one. pydantic
reads them (`TypeAdapter`) and makes their schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from schemas.base import SCHEMA_VERSION, Id, Language, SchemaVersion

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Milliseconds = Annotated[float, Field(ge=0.0)]

EXPLAINED_WORDS: Final = 64
"""Of one review: each costs a forward pass."""
EXPLAINED_CHARACTERS: Final = 2_000
"""Of one review; models read little more."""


class Outcome(StrEnum):
    """What became of one event."""

    RESULT = "result"
    HELD = "held"
    HANDED_OFF = "handed_off"
    EXPIRED = "expired"


@dataclass(kw_only=True)
class Source:
    """The record that a result was made from."""

    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    timestamp_ms: Annotated[
        int, Field(description="Kafka's timestamp, Unix milliseconds; -1 if none.")
    ]


@dataclass(kw_only=True)
class ModelId:
    """The weights that a result was made with."""

    name: str
    hash: Annotated[
        str, Field(description="First 16 hex digits of the SHA-256 of the folder's content.")
    ]


@dataclass(kw_only=True)
class Timings:
    """Where the time between Kafka's timestamp and the publication went."""

    wait_ms: Annotated[
        Milliseconds, Field(description="Kafka timestamp to the start of work on the chunk.")
    ]
    decode_ms: Annotated[
        Milliseconds, Field(description="Decoding the chunk and looking up state.")
    ]
    queue_ms: Annotated[Milliseconds, Field(description="Waiting for the device.")]
    compute_ms: Annotated[Milliseconds, Field(description="Forward pass of the batch it rode in.")]
    total_ms: Annotated[
        Milliseconds, Field(description="Kafka timestamp to the hand-over for publication.")
    ]


@dataclass(kw_only=True)
class Envelope:
    """What all results share."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    result_id: Annotated[
        str, Field(description="`topic-partition-offset-task`: equal for a repeat.")
    ]
    task: str
    outcome: Outcome
    source: Source
    model: Annotated[ModelId | None, Field(description="None where no model was asked.")]
    timings: Timings
    produced_at: datetime


class Decision(StrEnum):
    """What is to become of a review."""

    ALLOW = "allow"
    HOLD = "hold"  # a person decides
    REJECT = "reject"


class DecidedBy(StrEnum):
    """Who decided."""

    MODEL = "model"
    PERSON = "person"


@dataclass(kw_only=True)
class Reason:
    """What led to a decision other than to allow, and where in the review it stands."""

    attribute: str
    score: Probability
    threshold: Annotated[Probability, Field(description="Of the policy; the score reached it.")]
    text: Annotated[str, Field(description="The part of the review that carries the score.")]
    start: Annotated[int, Field(ge=0, description="Of that part, in characters.")]
    end: Annotated[int, Field(ge=0, description="The end is outside.")]


class Sentiment(StrEnum):
    """How a review speaks of its product."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


Attributes = Annotated[
    dict[str, Probability],
    Field(description="Probability of each attribute, such as insult; empty: not moderated."),
]
ModerationModel = Annotated[ModelId | None, Field(description="What gave `attributes`.")]


@dataclass(kw_only=True)
class Word:
    """A word of a review, or what a long one has in a word's place, and how it moved the score."""

    text: Annotated[
        str, Field(description="As in the review; personal data by its kind alone: `[phone]`.")
    ]
    start: Annotated[int, Field(ge=0, description="In the review, in characters (code points).")]
    end: Annotated[int, Field(ge=0, description="The end is outside.")]
    weight: Annotated[
        float,
        Field(
            ge=-1.0,
            le=1.0,
            description="How much `score` falls without it: above 0 it speaks for `sentiment`, "
            "below 0 against it.",
        ),
    ]


@dataclass(kw_only=True)
class Explanation:
    """Which words of a review moved its `score`."""

    words: Annotated[
        tuple[Word, ...],
        Field(
            max_length=EXPLAINED_WORDS,
            description=f"In the review's order, those of its first {EXPLAINED_CHARACTERS:,} "
            f"characters; where these are more than {EXPLAINED_WORDS}, neighbours stand together.",
        ),
    ]


@dataclass(kw_only=True)
class AspectLabel:
    """How a review speaks of one thing about its product."""

    name: Annotated[str, Field(description="quality, price, delivery, ...: as the words' file.")]
    sentiment: Annotated[str, Field(description="Of the same labels as the review's.")]
    score: Annotated[Probability, Field(description="Probability of `sentiment`.")]
    text: Annotated[str, Field(description="The clause that speaks of it, as it was scored.")]
    start: Annotated[int, Field(ge=0, description="Of that clause, in characters.")]
    end: Annotated[int, Field(ge=0, description="The end is outside.")]


@dataclass(kw_only=True)
class ReadReview(Envelope):
    """What the models made of a review."""

    task: Literal["sentiment"] = "sentiment"
    review_id: Id
    user_id: Id
    product_id: Id
    language: Language
    sentiment: Annotated[
        str,
        Field(description="negative, neutral or positive; another model brings its own labels."),
    ]
    score: Annotated[
        Probability,
        Field(
            description="Probability of `sentiment`; 1 where the review is nothing but a rating, "
            "such as 1/5: it is labelled by that."
        ),
    ]
    scores: Annotated[dict[str, Probability], Field(description="Probability of each label.")]
    attributes: Attributes
    reasons: tuple[Reason, ...]
    moderation_model: ModerationModel
    explanation: Annotated[
        Explanation | None,
        Field(
            description="Where the review asked for it (`explain`); even so None if the model was "
            "changed meanwhile, or the review is nothing but a rating."
        ),
    ] = None
    aspects: Annotated[
        tuple[AspectLabel, ...],
        Field(description="What it speaks of, in its order; empty where nobody asks for aspects."),
    ] = ()

    def shared(self) -> dict[str, Any]:
        """Return the fields up to here by name, to be told again in another message."""
        return {one.name: getattr(self, one.name) for one in fields(ReadReview)}


@dataclass(kw_only=True)
class ReviewLabels(ReadReview):
    """A review's labels; topic `review-labels`."""

    attributes: Attributes = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    moderation_model: ModerationModel = None
    decision: Annotated[Decision | None, Field(description="None: not moderated.")] = None
    decided_by: DecidedBy | None = None
    settles: Annotated[
        str | None,
        Field(description="The `result_id` that held the review which a person settled."),
    ] = None


@dataclass(kw_only=True)
class HeldReview(ReadReview):
    """A review that waits for a person; topic `held-reviews`.

    It has the `result_id` of the outcome that held it; `moderation-decisions` takes the answer.
    """

    text: Annotated[str, Field(description="As far as its first 100,000 characters.")]
    rating: int | None
    created_at: datetime


class Effect(StrEnum):
    """What a person's decision did."""

    APPLIED = "applied"
    ALREADY_DECIDED = "already_decided"  # somebody was earlier; their decision stays
    NOT_WAITING = "not_waiting"  # no such review is held: unknown, never held, or too long ago


@dataclass(kw_only=True)
class ReviewDecision(Envelope):
    """What became of a person's decision; topic `review-decisions`.

    An applied one tells of the review what a model can learn from it.
    """

    task: Literal["moderation"] = "moderation"
    review_id: Id
    user_id: Id
    decision: Decision
    effect: Effect
    decided_by: Annotated[Id | None, Field(description="The person, as the shop calls them.")]
    settles: Annotated[str | None, Field(description="The `result_id` that held it.")] = None
    language: Language | None = None
    text: Annotated[str | None, Field(description="The review.")] = None
    labels: Annotated[
        tuple[str, ...], Field(description="What is in it, as the person sees it.")
    ] = ()


class OrderFact(StrEnum):
    """What is known of an order, as a reply may state it."""

    STATUS = "status"
    UPDATED_AT = "updated_at"
    ITEMS = "items"
    CARRIER = "carrier"
    TRACKING = "tracking"
    ETA = "eta"


class HandOffReason(StrEnum):
    """Why a person should answer."""

    ASKED_FOR = "asked_for"
    COMPLAINT = "complaint"
    UNSURE = "unsure"
    OUT_OF_SCOPE = "out_of_scope"
    NO_KNOWLEDGE = "no_knowledge"
    NO_ORDER = "no_order"
    ACTION_NEEDED = "action_needed"
    REPEATED = "repeated"


@dataclass(kw_only=True)
class Reply(Envelope):
    """An answer to a customer; topic `replies`, or `handoffs` where a person should answer."""

    task: Literal["reply"] = "reply"
    query_id: Id
    session_id: Id
    user_id: Id | None
    language: Language
    text: Annotated[str, Field(description="To be shown to the customer, a hand-off's too.")]
    intent: str
    confidence: Probability
    entries: Annotated[tuple[str, ...], Field(description="Knowledge entries it rests on.")] = ()
    order_id: Annotated[Id | None, Field(description="The order whose facts it rests on.")] = None
    facts: Annotated[
        tuple[OrderFact, ...], Field(description="What of that order the text states.")
    ] = ()
    reason: Annotated[HandOffReason | None, Field(description="Why it was handed off.")] = None


class RecommendationReason(StrEnum):
    """Why an item is recommended."""

    GOES_WITH = "goes_with"
    BOUGHT_AGAIN = "bought_again"
    POPULAR = "popular"


@dataclass(kw_only=True)
class Recommendation:
    """One recommended item."""

    product_id: Id
    title: str
    score: Annotated[
        float, Field(description="Cosine of customer and item, -1 to 1; 0 for `popular`.")
    ]
    reason: RecommendationReason
    because: Annotated[Id | None, Field(description="The item of the history behind it.")] = None
    text: Annotated[str, Field(description="The reason as a sentence.")]


@dataclass(kw_only=True)
class Recommendations(Envelope):
    """What a customer may like next; topic `recommendations`."""

    task: Literal["recommend"] = "recommend"
    order_id: Id
    user_id: Id
    history: Annotated[int, Field(ge=0, description="How many earlier purchases were looked at.")]
    items: tuple[Recommendation, ...]
