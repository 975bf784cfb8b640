"""What topics hold at this moment: committed records, from given places to the present ends."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from streams.admin import TIMEOUT_S, BrokerRefused, BrokerUnreachable, require_topics
from streams.config import Settings
from streams.config_sections import KafkaSettings
from streams.outcomes import Place, end_of, reading_options

_STEP_S: Final = 0.5
_AT_ONCE: Final = 500


def places_of(settings: Settings, topic: str) -> list[Place]:
    """Return the topic's partitions; raises `AdminError` where it is not there."""
    return [(topic, number) for number in range(require_topics(settings, [topic])[topic])]


def read_history(
    kafka: KafkaSettings, places: Iterable[Place], since_ms: int | None = None
) -> Iterator[Message]:
    """Yield what the partitions hold until now, in order within each.

    With `since_ms` (Unix milliseconds), begins at the first record that Kafka received then or
    later. What comes while this reads is left out. Raises `AdminError` if the broker fails.
    """
    consumer = Consumer(reading_options(kafka) | {"enable.partition.eof": True})
    try:
        ends = {place: end_of(consumer, place, kafka.bootstrap_servers) for place in places}
        # The embedded broker, which cannot be asked for topics, keeps no times either.
        starts = _starts(consumer, ends, since_ms if kafka.declare_topics else None)
        yield from _to_the_ends(consumer, kafka, starts, ends)
    finally:
        consumer.close()


def _starts(
    consumer: Consumer, ends: Mapping[Place, int], since_ms: int | None
) -> list[TopicPartition]:
    filled = [place for place, end in ends.items() if end > 0]
    beginnings = [TopicPartition(*place, OFFSET_BEGINNING) for place in filled]
    if since_ms is None or not filled:
        return beginnings
    asked = [TopicPartition(*place, max(0, since_ms)) for place in filled]
    try:
        found = consumer.offsets_for_times(asked, timeout=TIMEOUT_S)
    except KafkaException as error:
        raise BrokerRefused(
            f"the broker finds no records by time: {error.args[0].str()}"
        ) from error
    # A broker answers with the end, a negative number, where nothing is so late.
    return [
        TopicPartition(one.topic, one.partition, one.offset) for one in found if one.offset >= 0
    ]


def _to_the_ends(
    consumer: Consumer,
    kafka: KafkaSettings,
    starts: list[TopicPartition],
    ends: Mapping[Place, int],
) -> Iterator[Message]:
    consumer.assign(starts)
    left = {(one.topic, one.partition) for one in starts}
    heard = time.monotonic()
    while left:
        messages = consumer.consume(_AT_ONCE, timeout=_STEP_S)
        heard = _heard(kafka, bool(messages), heard)
        for message in messages:
            place = (message.topic() or "", message.partition() or 0)
            if problem := message.error():
                _check(problem)
                if problem.code() == KafkaError._PARTITION_EOF:
                    left.discard(place)
                continue
            offset = message.offset() or 0
            if offset + 1 >= ends[place]:
                left.discard(place)
            if offset < ends[place]:
                yield message


def _heard(kafka: KafkaSettings, anything: bool, last: float) -> float:
    """Return when the broker was last heard; raises `BrokerUnreachable` after a long silence."""
    now = time.monotonic()
    if anything:
        return now
    if now - last > TIMEOUT_S:
        raise BrokerUnreachable(kafka.bootstrap_servers)
    return last


def _check(problem: KafkaError) -> None:
    if problem.fatal():
        raise BrokerRefused(f"the broker refused: {problem.str()}")
