"""Which broker the tests run against."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tests.kafka.jars import tools_are_there
from tests.kafka.server import KafkaServer

IMAGE = "apache/kafka:4.1.0"


@contextlib.contextmanager
def broker() -> Iterator[str | None]:
    """Yield the address of a broker, None where there is nothing to run one with.

    First `KAFKA_BOOTSTRAP_SERVERS`, then a container where a Docker API answers, then Apache
    Kafka as a child process where Java and Maven are.
    """
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
    elif _docker_answers():
        with _container() as address:
            yield address
    elif tools_are_there():
        with _child_process() as address:
            yield address
    else:
        yield None


@contextlib.contextmanager
def _child_process() -> Iterator[str]:
    server = KafkaServer()
    try:
        server.start()
        yield server.bootstrap_servers
    finally:
        server.remove()


@contextlib.contextmanager
def _container() -> Iterator[str]:
    from testcontainers.kafka import KafkaContainer

    with KafkaContainer(IMAGE).with_kraft() as container:
        yield container.get_bootstrap_server()


def _docker_answers() -> bool:
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=2)
        answers: bool = client.ping()
    except DockerException:
        return False
    client.close()
    return answers
