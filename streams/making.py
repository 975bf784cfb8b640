"""What a record becomes: its outcome, or a dead letter, as the publisher takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from faust.types import TP

from inference.client import Inference
from inference.messages import ItemError
from schemas.codec import Decoder, encode, encode_result
from schemas.masking import Kind, mask, masked
from schemas.topics import Topics
from streams import policy
from streams.chunks import Record
from streams.errors import TaskFailed
from streams.flight import Flight
from streams.handler import Handler
from streams.outgoing import Moment, Outgoing, Sealer
from streams.publisher import Headers, Publication
from streams.telemetry.hooks import SILENT, PartitionSignals, Signals

log = structlog.get_logger(__name__)

DEAD_LETTERS: Final = "dead-letters"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What every pipeline of a source shares."""

    handler: Handler
    decoder: Decoder[Any]
    inference: Inference
    topics: Topics
    masking: Mapping[str, Collection[Kind]] = field(default_factory=dict)  # by result topic's id
    signals: Signals = SILENT


class Making:
    """Makes the publications of one partition's records."""

    def __init__(self, stage: Stage, source: TP, signals: PartitionSignals) -> None:
        self._handler = stage.handler
        self._inference = stage.inference
        self._masking = stage.masking
        self._names = {spec.id: spec.name for spec in stage.topics.specs}
        self._sealer = Sealer(source, stage.handler.spec.name)
        self._signals = signals

    def outcome(
        self, flight: Flight, place: int, moment: Moment, beside: list[Publication]
    ) -> Publication:
        """Return the record's outcome, and add to `beside` what else leaves with it."""
        one, record = flight.event(place), flight.chunk.records[place]
        try:
            outgoing = self._decide(flight, place, moment)
            headers = self._signals.headers(record, flight.stamp) if record.headers else ()
            publication = self._publication(outgoing, headers)
            others = [self._publication(other, headers) for other in outgoing.beside]
            one.changes.keep()
        except Exception as error:  # one event's failure is its own
            one.changes.forget()
            return self._letter(record, TaskFailed(error))
        beside += others
        return publication

    def _publication(self, outgoing: Outgoing, headers: Headers) -> Publication:
        message = outgoing.message
        if kinds := self._masking.get(outgoing.topic_id):
            message = masked(message, kinds)
        return Publication(
            topic=self._names[outgoing.topic_id],
            key=outgoing.key.encode(),
            value=encode_result(message),
            headers=headers,
        )

    def _decide(self, flight: Flight, place: int, moment: Moment) -> Outgoing:
        one, found = flight.event(place), flight.answered(place)
        record, handler = flight.chunk.records[place], self._handler
        if found is None:
            model = self._inference.models[handler.spec.slot]
            sealed = self._sealer.envelope(record, flight.stamp, moment, None)
            return handler.decide(one.event, one.question, None, model, sealed, one.changes)
        answered, at = found
        sealed = self._sealer.envelope(
            record,
            flight.stamp,
            moment,
            answered.model_id,
            answered.queue_ms[at],
            answered.compute_ms[at],
        )
        return handler.decide(
            one.event, one.question, answered.rows[at], answered.model, sealed, one.changes
        )

    def bury(self, flight: Flight, place: int, error: Exception | ItemError) -> None:
        """Make a record a dead letter."""
        if place in flight.buried:
            return  # two models may fail on one record
        flight.buried[place] = self._letter(flight.chunk.records[place], error)

    def _letter(self, record: Record, error: Exception | ItemError) -> Publication:
        decision = policy.decide(error)
        if not isinstance(decision, policy.Bury):
            raise TypeError(f"no reason for a dead letter: {decision}")
        self._signals.buried(record, decision.code)
        if isinstance(error, TaskFailed):
            log.error(
                "a record broke its task",
                action="record_failed",
                task=self._handler.spec.name,
                result_id=self._sealer.result_id(record.offset),
                detail=decision.detail,
            )
        letter = self._sealer.dead_letter(
            record,
            code=decision.code,
            reason=mask(decision.reason),
            detail=mask(decision.detail) if decision.detail else None,
        )
        is_too_large = letter.left_out_bytes > 0
        return Publication(
            topic=self._names[DEAD_LETTERS],
            key=None if is_too_large else record.key,
            value=encode(letter),
            headers=() if is_too_large else tuple(record.headers),
        )
