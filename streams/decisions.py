"""What people decided, as examples to train with; and the way to tell the workers a decision."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.codec import encode
from schemas.errors import MappingError
from schemas.events import ModerationDecision
from schemas.mapping import FieldMap
from schemas.results import Effect, HeldReview, ReviewDecision
from streams.config import Settings
from streams.config_sources import ConfigError
from streams.history import places_of, read_history
from streams.outcome_ledger import parse_result_id
from streams.replay.events import Record
from streams.replay.producer import send_one

SENT_IN_S: Final = 10.0
DECISIONS: Final = "moderation-decisions"
_DECIDED: Final[TypeAdapter[ReviewDecision]] = TypeAdapter(ReviewDecision)
_HELD: Final[TypeAdapter[HeldReview]] = TypeAdapter(HeldReview)


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
    return newest_unsettled(_values(settings, "held-reviews", since_ms), settled, limit)


def newest_unsettled(
    values: Iterable[bytes], settled: Container[str | None], limit: int
) -> list[HeldReview]:
    """Return what waits of `values`, the messages of `held-reviews` in their order.

    There may be a month of them, of which few are shown: of the others only a head is kept, and
    the message as it came. `settled` are the `result_id`s of holds that a person decided on.
    """
    latest: dict[tuple[str, str], tuple[_Head, bytes]] = {}
    for value in values:
        with contextlib.suppress(ValidationError):  # of another release
            head = _HEAD.validate_json(value)
            latest.pop(head.review, None)  # which waits no more
            if head.result_id not in settled:
                latest[head.review] = head, value
    newest = sorted(latest.values(), key=lambda hold: hold[0].produced_at, reverse=True)
    return list(islice(_readable(value for _, value in newest), limit))


def tell(settings: Settings, decision: ModerationDecision) -> None:
    """Send a person's decision to the workers, as they read the shop's own.

    Raises `DeliveryError` unless the broker has it in time, and `ConfigError` where no decision
    can be written by the paths that are configured for decisions.
    """
    topic = settings.named_topics()[DECISIONS].name
    send_one(settings.kafka, topic, record_of(settings, decision), SENT_IN_S)


def record_of(settings: Settings, decision: ModerationDecision) -> Record:
    """Return a decision's record; it goes to the partition that its hold lies in.

    That is where the review came in, which a producer may have chosen by other rules than the key.
    """
    place = parse_result_id(decision.held_id or "")
    return Record(
        key=decision.user_id.encode(),
        value=_shops_own(settings.fields.get(DECISIONS, {}), decision),
        partition=None if place is None else place[1],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    """By what a hold is chosen."""

    result_id: str
    user_id: str
    review_id: str
    produced_at: datetime

    @property
    def review(self) -> tuple[str, str]:
        """The review that is held; ids are each author's own."""
        return self.user_id, self.review_id


_HEAD: Final[TypeAdapter[_Head]] = TypeAdapter(_Head)


def _readable(values: Iterable[bytes]) -> Iterator[HeldReview]:
    for value in values:
        with contextlib.suppress(ValidationError):  # of another release
            yield _HELD.validate_json(value)


def _shops_own(paths: dict[str, str], decision: ModerationDecision) -> bytes:
    if not paths:
        return encode(decision)
    fields = decision.model_dump(mode="json", exclude_none=True)
    try:
        return orjson.dumps(FieldMap(ModerationDecision, paths).unapply(fields))
    except MappingError as error:
        raise ConfigError(f"no decision can be sent: in [fields.{DECISIONS}] {error}") from error


def _values(settings: Settings, topic_id: str, since_ms: int | None) -> Iterator[bytes]:
    places = places_of(settings, settings.named_topics()[topic_id].name)
    for message in read_history(settings.kafka, places, since_ms):
        if (value := message.value()) is not None:
            yield value
