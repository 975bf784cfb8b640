"""The Kafka clients of a worker, all made in one place from the settings."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.config import Settings
from streams.publisher import BATCH_BYTES, MAX_REQUEST_BYTES
from streams.security.for_aiokafka import aiokafka_options

TRANSACTION_TIMEOUT_MS = 60_000
"""The broker gives up a transaction after this: of a worker that is gone and has no heir yet."""
RETRY_MS = 20
"""Between two tries of a request: a new transaction often meets the end of the one before."""


class Clients:
    """Makes a worker's clients, which share certificates and tokens."""

    def __init__(self, settings: Settings) -> None:
        """Read certificates and secrets; raises `AccessRefused` where a file will not do."""
        self._group = settings.kafka.group
        self.access = aiokafka_options(settings.kafka)
        self._options = {"bootstrap_servers": settings.kafka.bootstrap_servers} | self.access

    def producer(self, transactional_id: str | None = None) -> AIOKafkaProducer:
        """Return a producer; with an id, one for transactions."""
        of_transactions: dict[str, Any] = {}
        if transactional_id is not None:
            of_transactions = {
                "transactional_id": transactional_id,
                "transaction_timeout_ms": TRANSACTION_TIMEOUT_MS,
            }
        return AIOKafkaProducer(
            client_id=self._group,
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            retry_backoff_ms=RETRY_MS,
            **self._options,
            **of_transactions,
        )

    def reader(self, name: str) -> AIOKafkaConsumer:
        """Return a consumer without a group, of what is committed."""
        return AIOKafkaConsumer(
            client_id=f"{self._group}-{name}",
            enable_auto_commit=False,
            # Of what is deleted while it is read only that is skipped, not what comes behind it.
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            **self._options,
        )
