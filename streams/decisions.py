"""What people decided, as examples to train with; and the way to tell the workers a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from confluent_kafka import KafkaException, Producer
from pydantic import TypeAdapter, ValidationError

from schemas.codec import encode
from schemas.events import ModerationDecision
from schemas.results import Effect, HeldReview, ReviewDecision
from streams.admin import BrokerRefused, BrokerUnreachable, client_options
from streams.config import Settings
from streams.config_sources import ConfigError
from streams.history import places_of, read_history

SENT_IN_S: Final = 10.0
_DECIDED: Final[TypeAdapter[ReviewDecision]] = TypeAdapter(ReviewDecision)
_HELD: Final[TypeAdapter[HeldReview]] = TypeAdapter(HeldReview)


def require_moderation(settings: Settings) -> None:
    """Raise `ConfigError` where reviews are not moderated: there are no topics to read."""
    if not settings.moderation.enabled:
        raise ConfigError("reviews are not moderated here: set moderation.enabled = true")


def applied(settings: Settings, since_ms: int | None = None) -> Iterator[ReviewDecision]:
    """Yield the decisions that were applied, each once, in order within each author.

    Raises `AdminError` where broker or topic are not there.
    """
    settled: set[str | None] = set()
    for value in _values(settings, "review-decisions", since_ms):
        try:
            decision = _DECIDED.validate_json(value)
        except ValidationError:
            continue  # of another release
        if decision.effect is Effect.APPLIED and decision.settles not in settled:
            settled.add(decision.settles)
            yield decision


def example(decision: ReviewDecision) -> dict[str, Any]:
    """Return what a model can learn of a decision: a text and its labels."""
    return {
        "text": decision.text,
        "labels": list(decision.labels),
        "language": decision.language,
        "decision": decision.decision,
        "review_id": decision.review_id,
    }


def example_line(decision: ReviewDecision) -> bytes:
    """Return the example as a line of JSON."""
    return orjson.dumps(example(decision), option=orjson.OPT_APPEND_NEWLINE)


def waiting(settings: Settings, since_ms: int, limit: int) -> list[HeldReview]:
    """Return the newest reviews, at most `limit`, that wait for a person; newest first.

    Raises `AdminError` where broker or topics are not there.
    """
    settled = {one.settles for one in applied(settings, since_ms)}
    latest: dict[tuple[str, str], HeldReview] = {}
    for value in _values(settings, "held-reviews", since_ms):
        try:
            held = _HELD.validate_json(value)
        except ValidationError:
            continue
        latest[held.user_id, held.review_id] = held
    found = [held for held in latest.values() if held.result_id not in settled]
    return sorted(found, key=lambda held: held.produced_at, reverse=True)[:limit]


def tell(settings: Settings, decision: ModerationDecision) -> None:
    """Send a person's decision to the workers; raises `AdminError` unless the broker has it."""
    failures: list[str] = []
    producer = Producer(
        client_options(settings.kafka)
        | {"partitioner": "murmur2_random", "delivery.timeout.ms": int(SENT_IN_S * 1000)}
    )
    try:
        producer.produce(
            settings.named_topics()["moderation-decisions"].name,
            key=decision.user_id.encode(),
            value=encode(decision),
            on_delivery=lambda error, _: failures.append(error.str()) if error else None,
        )
    except KafkaException as error:
        raise BrokerRefused(f"the broker refused: {error.args[0].str()}") from error
    if producer.flush(SENT_IN_S):
        raise BrokerUnreachable(settings.kafka.bootstrap_servers)
    if failures:
        raise BrokerRefused(f"the broker refused: {failures[0]}")


def _values(settings: Settings, topic_id: str, since_ms: int | None) -> Iterator[bytes]:
    places = places_of(settings, settings.named_topics()[topic_id].name)
    for message in read_history(settings.kafka, places, since_ms):
        if (value := message.value()) is not None:
            yield value
