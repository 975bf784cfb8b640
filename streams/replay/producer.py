"""Records to Kafka: batched, idempotent, each delivery confirmed with its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.admin import client_options
from streams.config_sections import KafkaSettings
from streams.replay.errors import DeliveryError
from streams.replay.events import Record

Delivered = Callable[[str, int, int, Record], None]
"""Told of each confirmed record: topic, partition, offset and the record."""

_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""Over any broker's limit: the broker says what is too large, not the client."""
DELIVERED_IN_S: Final = 60.0
_BY_KEY: Final = -1
"""What librdkafka calls the partition that its partitioner is to choose."""
_FULL_QUEUE_WAIT_S: Final = 0.1
_FLUSH_STEP_S: Final = 1.0


class Sender:
    """Sends records; the partitioner is Java's, so that keys of all producers meet."""

    def __init__(
        self, kafka: KafkaSettings, delivered: Delivered, within_s: float = DELIVERED_IN_S
    ) -> None:
        """A record that the broker has not confirmed after `within_s` seconds has failed."""
        self._producer = Producer(_options(kafka, within_s))
        self._delivered = delivered
        self._failures: dict[str, int] = {}
        self.failed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._producer.purge()  # whoever interrupts does not want to wait for the rest

    def send(self, topic: str, record: Record) -> None:
        """Hand a record over; waits where the queue is full."""
        while True:
            try:
                self._producer.produce(
                    topic,
                    key=record.key,
                    value=record.value,
                    headers=list(record.headers),
                    partition=_BY_KEY if record.partition is None else record.partition,
                    on_delivery=partial(self._on_delivery, record),
                )
                break
            except BufferError:
                self._producer.poll(_FULL_QUEUE_WAIT_S)
            except KafkaException as error:
                self._fail(error.args[0])
                break
        self._producer.poll(0)

    def wait(self, seconds: float) -> None:
        """Take confirmations for so long."""
        self._producer.poll(seconds)

    def flush(self, between: Callable[[], None]) -> None:
        """Wait for all confirmations, calling `between` now and then."""
        while self._producer.flush(_FLUSH_STEP_S):
            between()

    def check(self) -> None:
        """Raise `DeliveryError` if the broker did not take a record."""
        if self._failures:
            shown = "; ".join(f"{count} x {why}" for why, count in self._failures.items())
            what = "1 record was" if self.failed == 1 else f"{self.failed} records were"
            raise DeliveryError(f"{what} not taken by the broker ({shown})")

    def _on_delivery(self, record: Record, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._fail(error)
            return
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if topic is not None and partition is not None and offset is not None:
            self._delivered(topic, partition, offset, record)

    def _fail(self, error: KafkaError) -> None:
        self.failed += 1
        why = error.str()
        self._failures[why] = self._failures.get(why, 0) + 1


def send_one(kafka: KafkaSettings, topic: str, record: Record, within_s: float) -> None:
    """Send a record; raises `DeliveryError` unless the broker has it after `within_s` seconds."""
    with Sender(kafka, lambda *_: None, within_s) as sender:
        sender.send(topic, record)
        sender.flush(lambda: None)
        sender.check()


def _options(kafka: KafkaSettings, within_s: float) -> dict[str, Any]:
    return client_options(kafka) | {
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "compression.type": "lz4",
        "linger.ms": 10,
        "batch.size": 512 * 1024,
        "message.max.bytes": _MAX_MESSAGE_BYTES,
        "delivery.timeout.ms": int(within_s * 1000),
    }
