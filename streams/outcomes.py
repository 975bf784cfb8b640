"""Reads what became of events: the result topics, from their ends or their beginnings."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import orjson
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from schemas.hints import nearest
from schemas.topics import MODERATION, Role, Topics
from streams.admin import (
    TIMEOUT_S,
    AdminError,
    BrokerRefused,
    BrokerUnreachable,
    client_options,
    require_topics,
)
from streams.config import Settings
from streams.config_sections import KafkaSettings
from streams.config_sources import ConfigError
from streams.moderation import require_moderation

_LOOK_INTERVAL_S: Final = 0.05
_PASSING: Final = frozenset(
    {
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
    }
)
"""What a broker answers while a topic is being made or its leader moves."""

Place = tuple[str, int]
"""A topic by the broker's name, and a partition."""


class Start(Enum):
    """Where a reader begins."""

    NEW = "new"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultRecord:
    """One record of a result topic."""

    topic_id: str  # ours, not the broker's
    timestamp_ms: int  # Kafka's own
    key: bytes | None
    value: dict[str, Any]  # empty where the record is no JSON object


class OutcomeReader:
    """Reads result topics, committed records only, without joining a group."""

    def __init__(
        self, settings: Settings, topic_ids: Iterable[str] | None = None, start: Start = Start.NEW
    ) -> None:
        """Find the topics' ends; raises `AdminError` where broker or topics are not there."""
        topics = settings.named_topics()
        wanted = result_ids(topics) if topic_ids is None else tuple(topic_ids)
        self._ids = {topics[topic_id].name: topic_id for topic_id in wanted}
        self._address = settings.kafka.bootstrap_servers
        counts = require_topics(settings, self._ids)
        self._consumer = Consumer(reading_options(settings.kafka))
        places = [(name, number) for name in self._ids for number in range(counts[name])]
        self._consumer.assign([self._beginning(place, start) for place in places])

    def read(self, timeout_s: float, limit: int = 1000) -> list[ResultRecord]:
        """Return what came, after `timeout_s` at most; raises `AdminError` if the broker fails."""
        records = []
        for message in self._consumer.consume(limit, timeout=timeout_s):
            if problem := message.error():
                if problem.fatal():
                    raise BrokerRefused(f"the broker refused: {problem.str()}")
                continue  # the client tries again by itself
            records.append(
                ResultRecord(
                    topic_id=self._ids[message.topic() or ""],
                    timestamp_ms=message.timestamp()[1],
                    key=message.key(),
                    value=_as_object(message.value()),
                )
            )
        return records

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _beginning(self, place: Place, start: Start) -> TopicPartition:
        if start is Start.ALL:
            return TopicPartition(*place, OFFSET_BEGINNING)
        return TopicPartition(*place, end_of(self._consumer, place, self._address))


def result_ids(topics: Topics) -> tuple[str, ...]:
    """Return our ids of all result topics."""
    return tuple(spec.id for spec in topics.of(Role.RESULT))


def known_ids(settings: Settings, names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of our topics called by id or by the broker's name.

    If none is named, those of all result topics. Raises `ConfigError` for any other name.
    """
    topics = settings.named_topics()
    known = tuple(spec.id for spec in topics.specs if spec.role.is_ours)
    by_name = {topics[topic_id].name: topic_id for topic_id in known}
    by_name |= {topic_id: topic_id for topic_id in known}
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in by_name:
            if name in _of_moderation(settings):
                require_moderation(settings)
            hint = nearest(name, list(by_name))
            raise ConfigError(f"there is no result topic {name!r}: {hint}")
    return tuple(by_name[name] for name in wanted) or result_ids(topics)


def _of_moderation(settings: Settings) -> set[str]:
    """Return what the topics of moderation alone are called, by id and by the broker's name."""
    topics = Topics.named(settings.topics)
    return {*MODERATION, *(topics[topic_id].name for topic_id in MODERATION)}


def source_ends(settings: Settings, names: Iterable[str]) -> dict[Place, int]:
    """Return the offset that each partition's next record will have; raises `AdminError`."""
    counts = require_topics(settings, names)
    consumer = Consumer(reading_options(settings.kafka))
    try:
        return {
            (name, number): end_of(consumer, (name, number), settings.kafka.bootstrap_servers)
            for name, count in counts.items()
            for number in range(count)
        }
    finally:
        consumer.close()


def reading_options(kafka: KafkaSettings) -> dict[str, Any]:
    """Return what a consumer is made with that reads committed records and joins no group."""
    return client_options(kafka) | {
        "group.id": f"{kafka.group}-cli",  # asked for by the client; it is never joined
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,
    }


def end_of(consumer: Consumer, place: Place, address: str) -> int:
    """Return the offset of the partition's next record; waits for a leader that is being found."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            ends = consumer.get_watermark_offsets(TopicPartition(*place), timeout=TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or time.monotonic() > deadline:
                raise _failure(error, place, address) from error
            time.sleep(_LOOK_INTERVAL_S)
            continue
        if ends is None:
            raise BrokerUnreachable(address)
        return int(ends[1])


def _failure(error: KafkaException, place: Place, address: str) -> AdminError:
    if error.args[0].code() in {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}:
        return BrokerUnreachable(address)
    reason = error.args[0].str()
    return BrokerRefused(f"the broker does not say where {place[0]}-{place[1]} ends: {reason}")


def _as_object(value: bytes | None) -> dict[str, Any]:
    try:
        found = orjson.loads(value or b"null")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
