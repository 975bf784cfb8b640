"""One broker a test session; names that no two tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.kafka.choice import broker

NO_BROKER = (
    "no Kafka: set KAFKA_BOOTSTRAP_SERVERS, start a Docker engine, or install Java 17 and Maven"
)


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Address of a real broker; without one skips, and fails in CI."""
    with broker() as address:
        if address is None:
            if os.environ.get("CI") == "true":
                pytest.fail(NO_BROKER)
            pytest.skip(NO_BROKER)
        yield address
