"""What a worker says of itself, on its way to Kafka: nobody waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from faust.types import TP

from schemas.codec import encode
from schemas.models import ModelAgreement, ModelEvent
from schemas.topics import Topics
from streams.publisher import Publication
from streams.retries import again

MOST_WAITING = 1000
"""While no broker takes them; then the oldest are forgotten."""
TOPIC_IDS: Mapping[type[ModelEvent] | type[ModelAgreement], str] = {
    ModelEvent: "model-events",
    ModelAgreement: "model-agreement",
}


class Publishing(Protocol):
    """What publishes records."""

    async def publish(self, publications: Iterable[Publication]) -> Mapping[TP, int]:
        """Send all; raises `PublishError`, and then any of them may have been written."""
        ...


class Outbox:
    """Publishes messages in the order in which they were put."""

    def __init__(self, publisher: Publishing, topics: Topics) -> None:
        self._publisher = publisher
        self._topics = topics
        self._waiting: deque[ModelEvent | ModelAgreement] = deque(maxlen=MOST_WAITING)
        self._wake = asyncio.Event()

    def put(self, message: ModelEvent | ModelAgreement) -> None:
        """Let a message leave as soon as it can."""
        self._waiting.append(message)
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled; a broker that is away is waited for."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            leaving = [self._publication(message) for message in self._waiting]
            self._waiting.clear()
            await again(partial(self._publisher.publish, leaving), "model events")

    def _publication(self, message: ModelEvent | ModelAgreement) -> Publication:
        topic = self._topics[TOPIC_IDS[type(message)]].name
        return Publication(topic=topic, key=message.slot.encode(), value=encode(message))
