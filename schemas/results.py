"""What leaves: one result model a task, all in one envelope."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Id, Language, Message, Part

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Milliseconds = Annotated[float, Field(ge=0.0)]


class Outcome(StrEnum):
    """What became of one event."""

    RESULT = "result"
    HELD = "held"
    HANDED_OFF = "handed_off"
    EXPIRED = "expired"


class Source(Part):
    """The record that a result was made from."""

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    timestamp_ms: int = Field(description="Kafka's timestamp, Unix milliseconds; -1 if none.")


class ModelId(Part):
    """The weights that a result was made with."""

    name: str
    hash: str = Field(description="First 16 hex digits of the SHA-256 of the folder's content.")


class Timings(Part):
    """Where the time between Kafka's timestamp and the publication went."""

    wait_ms: Milliseconds = Field(description="Kafka timestamp to the start of work on the chunk.")
    decode_ms: Milliseconds = Field(description="Decoding the chunk and looking up state.")
    queue_ms: Milliseconds = Field(description="Waiting for the device.")
    compute_ms: Milliseconds = Field(description="Forward pass of the batch it rode in.")
    total_ms: Milliseconds = Field(description="Kafka timestamp to the hand-over for publication.")


class Envelope(Message):
    """What all results share."""

    result_id: str = Field(description="`topic-partition-offset-task`: equal for a repeat.")
    task: str
    outcome: Outcome
    source: Source
    model: ModelId | None = Field(description="None where no model was asked.")
    timings: Timings
    produced_at: datetime


class Sentiment(StrEnum):
    """How a review speaks of its product."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class ReviewLabels(Envelope):
    """A review's labels; topic `review-labels`."""

    task: Literal["sentiment"] = "sentiment"
    review_id: Id
    user_id: Id
    product_id: Id
    language: Language
    sentiment: str = Field(
        description="negative, neutral or positive; another model brings its own labels."
    )
    score: Probability = Field(description="Probability of `sentiment`.")
    scores: dict[str, Probability] = Field(description="Probability of each label.")


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


class Reply(Envelope):
    """An answer to a customer; topic `replies`, or `handoffs` where a person should answer."""

    task: Literal["reply"] = "reply"
    query_id: Id
    session_id: Id
    user_id: Id | None
    language: Language
    text: str = Field(description="To be shown to the customer, a hand-off's too.")
    intent: str
    confidence: Probability
    entries: tuple[str, ...] = Field(default=(), description="Knowledge entries it rests on.")
    order_id: Id | None = Field(default=None, description="The order whose facts it rests on.")
    reason: HandOffReason | None = Field(default=None, description="Why it was handed off.")


class RecommendationReason(StrEnum):
    """Why an item is recommended."""

    GOES_WITH = "goes_with"
    BOUGHT_AGAIN = "bought_again"
    POPULAR = "popular"


class Recommendation(Part):
    """One recommended item."""

    product_id: Id
    title: str
    score: float = Field(description="Cosine of customer and item, -1 to 1; 0 for `popular`.")
    reason: RecommendationReason
    because: Id | None = Field(default=None, description="The item of the history behind it.")
    text: str = Field(description="The reason as a sentence.")


class Recommendations(Envelope):
    """What a customer may like next; topic `recommendations`."""

    task: Literal["recommend"] = "recommend"
    order_id: Id
    user_id: Id
    history: int = Field(ge=0, description="How many earlier purchases were looked at.")
    items: tuple[Recommendation, ...]
