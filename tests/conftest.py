"""One broker a test session; names that no two tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NoReturn

import hypothesis
import pytest

from tests.kafka.choice import broker
from tests.kafka.secure import SecureKafka, secure_broker

NO_BROKER = (
    "no Kafka: set KAFKA_BOOTSTRAP_SERVERS, start a Docker engine, or install Java 17 and Maven"
)

# Each test has a time limit; an example's own would fail wherever the machine is busy.
hypothesis.settings.register_profile("untimed", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Address of a real broker; without one skips, and fails in CI."""
    with broker() as address:
        if address is None:
            _do_without(NO_BROKER)
        yield address


@pytest.fixture(scope="session")
def secure_kafka() -> Iterator[SecureKafka]:
    """A broker that asks who is there; without Java and Maven skips, and fails in CI."""
    with secure_broker() as server:
        if server is None:
            _do_without("no broker with security: install Java 17 and Maven")
        yield server


def _do_without(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
