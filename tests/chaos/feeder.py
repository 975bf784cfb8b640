"""Events without end, at an even pace, straight to the broker."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from confluent_kafka import KafkaError, Message, Producer

TICK_S = 0.02
FLUSH_LIMIT_S = 60.0
MALFORMED = 0.03
BAD_VALUES = (b"{", b"no event", b'{"review": 1}', b"[]", b"\xff\xfe", b'"text"')
WORDS = ("good", "bad", "late", "broken", "fine", "again", "never", "small", "warm")


class Feeder:
    """A thread that produces reviews, each user's numbered from 0, and some malformed records."""

    def __init__(self, bootstrap: str, topic: str, *, rate: float, users: int, seed: int) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": 600_000,  # a broker that is away loses none of them
                "log_level": 0,
            }
        )
        self._topic = topic
        self._rate = rate
        self._users = [f"user-{number}" for number in range(users)]
        self._random = random.Random(seed)
        self._numbers: Counter[str] = Counter()
        self._ends: dict[int, int] = {}  # by partition: offset after the last confirmed one
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self.failure: str | None = None  # what the broker refused: the run then proves nothing

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, with everything confirmed; raises `RuntimeError` if it is not."""
        self._stopping.set()
        self._thread.join(FLUSH_LIMIT_S)
        if left := self._producer.flush(FLUSH_LIMIT_S):
            raise RuntimeError(f"{left} inputs were never confirmed")
        if self.failure is not None:
            raise RuntimeError(f"an input was refused: {self.failure}")

    def ends(self) -> Mapping[int, int]:
        """Return, by partition, the offset after the last confirmed input."""
        with self._lock:
            return dict(self._ends)

    def _feed(self) -> None:
        due = 0.0
        before = time.monotonic()
        while not self._stopping.wait(TICK_S):
            now = time.monotonic()
            due = min(due + (now - before) * self._rate, self._rate)
            before = now
            while due >= 1:
                due -= 1
                self._send()
            self._producer.poll(0)

    def _send(self) -> None:
        user = self._random.choice(self._users)
        value = self._value(user)
        self._producer.produce(self._topic, key=user, value=value, on_delivery=self._confirmed)

    def _value(self, user: str) -> bytes:
        if self._random.random() < MALFORMED:
            return self._random.choice(BAD_VALUES)
        number = self._numbers[user]
        self._numbers[user] += 1
        words = " ".join(self._random.choices(WORDS, k=6))
        return orjson.dumps(
            {
                "review_id": f"{user}-{number}-{uuid.uuid4().hex[:8]}",
                "user_id": user,
                "product_id": "p1",
                "text": f"{number} {words}",
                "created_at": datetime.now(UTC),
            }
        )

    def _confirmed(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.failure = str(error)
            return
        partition, offset = message.partition(), message.offset()
        assert partition is not None  # a confirmed record has its place
        assert offset is not None
        with self._lock:
            self._ends[partition] = max(self._ends.get(partition, 0), offset + 1)
