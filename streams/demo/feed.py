"""Sample events at a human pace, round after round."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from schemas.topics import Topics
from streams.config_sections import KafkaSettings
from streams.demo.samples import REFERENCES, reference_records, round_of_samples
from streams.replay.events import Record
from streams.replay.producer import Delivered, Sender

DEFAULT_RATE: Final = 6.0
"""Events a second: more than one can read, less than one can watch."""
_STEP_S: Final = 0.05


class Feed:
    """Sends samples when they are due; the caller's loop calls `step`."""

    def __init__(
        self,
        kafka: KafkaSettings,
        topics: Topics,
        delivered: Delivered,
        *,
        rate: float = DEFAULT_RATE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kafka = kafka
        self._sender = Sender(kafka, delivered)
        self._topics = topics
        self._rate = rate
        self._clock = clock
        self._samples = round_of_samples()
        self._begun: float | None = None
        self._sent = 0

    def send_references(self) -> None:
        """Send catalogue and knowledge base; raises `DeliveryError` if the broker refuses some."""
        sender = Sender(self._kafka, uncounted)
        for topic_id in REFERENCES:
            for record in reference_records(topic_id):
                sender.send(self._topics[topic_id].name, record)
        _confirm(sender)

    def step(self) -> None:
        """Send all that is due by now."""
        now = self._clock()
        if self._begun is None:
            self._begun = now
        while self._sent <= (now - self._begun) * self._rate:
            turn, index = divmod(self._sent, len(self._samples))
            sample = self._samples[index]
            record = sample.record(turn, datetime.now(UTC))
            self._sender.send(self._topics[sample.topic_id].name, record)
            self._sent += 1
        self._sender.wait(0)

    def run(self, stopped: threading.Event) -> None:
        """Send until told to stop; raises `DeliveryError` if the broker refuses a record."""
        while not stopped.wait(_STEP_S):
            self.step()
            self._sender.check()
        self.finish()

    def finish(self) -> None:
        """Wait for the confirmation of all that was sent; raises `DeliveryError` if some failed."""
        _confirm(self._sender)


def _confirm(sender: Sender) -> None:
    sender.flush(lambda: None)
    sender.check()


def uncounted(_topic: str, _partition: int, _offset: int, _record: Record) -> None:
    """Do nothing: reference records have no outcome, and a feed without a screen counts none."""
