"""Which broker the tests run against."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

from tests.kafka.jars import KAFKA_VERSION, tools_are_there
from tests.kafka.server import KafkaServer, free_ports

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
CONTAINER_LIMIT_S = 60
DOCKER_SOCKET = "unix:///var/run/docker.sock"


@contextlib.contextmanager
def broker() -> Iterator[str | None]:
    """Yield the address of a broker, None where there is nothing to run one with.

    First `KAFKA_BOOTSTRAP_SERVERS`, then a container where a Docker API answers, then Apache
    Kafka as a child process where Java and Maven are.
    """
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
    elif docker_answers():
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
    # A plain container: testcontainers' own KafkaContainer runs Confluent's images only.
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    (port,) = free_ports(1)
    started = LogMessageWaitStrategy("Kafka Server started")
    container = DockerContainer(IMAGE).with_bind_ports(9092, port)
    host = container.get_docker_client().host()
    container.with_envs(**container_settings(f"{host}:{port}"))
    with container.waiting_for(started.with_startup_timeout(CONTAINER_LIMIT_S)):
        yield f"{host}:{port}"


def container_settings(address: str) -> dict[str, str]:
    """Return the variables that make the image one broker, found at `address` from outside."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "OUTSIDE://:9092,INSIDE://:19092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"OUTSIDE://{address},INSIDE://localhost:19092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": (
            "OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT"
        ),
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INSIDE",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_NUM_PARTITIONS": "4",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }


def docker_answers() -> bool:
    """Whether a Docker engine, or what speaks its API, is there."""
    import docker
    from docker.errors import DockerException

    host = os.environ.get("DOCKER_HOST") or DOCKER_SOCKET
    # Where nobody listens the client leaves its socket open: a later test would get the blame.
    if host.startswith("unix://") and not _listens(host.removeprefix("unix://")):
        return False
    try:
        with contextlib.closing(docker.from_env(timeout=2)) as client:
            answers: bool = client.ping()
    except DockerException:
        return False
    return answers


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        return probe.connect_ex(path) == 0
