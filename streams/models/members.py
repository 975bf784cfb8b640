"""How many workers there are, as the broker knows."""

from __future__ import annotations

import time
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams.admin import TIMEOUT_S, BrokerRefused, client_options
from streams.config_sections import KafkaSettings

_ANSWERS: Final = {KafkaError.GROUP_ID_NOT_FOUND: 0, KafkaError._UNSUPPORTED_FEATURE: None}
_PASSING: Final = frozenset(
    {
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
    }
)
"""What a broker answers before any group has been there, or while its coordinator moves."""
_LOOK_INTERVAL_S: Final = 0.1


class Members:
    """Counts the members of the workers' group."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._group = kafka.group
        self._client = AdminClient(client_options(kafka))

    def count(self) -> int | None:
        """Return how many there are; None where the broker cannot say, as the embedded one.

        Raises `BrokerRefused`.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return self._count()
            except KafkaException as error:
                code = error.args[0].code()
                if code in _ANSWERS:
                    return _ANSWERS[code]
                if code not in _PASSING or time.monotonic() > deadline:
                    raise BrokerRefused(
                        f"the broker does not describe group {self._group}: {error.args[0].name()}"
                    ) from error
            time.sleep(_LOOK_INTERVAL_S)

    def _count(self) -> int:
        asked = self._client.describe_consumer_groups([self._group], request_timeout=TIMEOUT_S)
        return len(asked[self._group].result(TIMEOUT_S).members)
