"""The test broker keeps what tests rely on: durability, transactions, compaction settings."""

from __future__ import annotations

import gc

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    AdminClient,
    ConfigResource,
    ResourceType,
)

from tests.kafka.choice import broker, docker_answers
from tests.kafka.helpers import create_topics, read_all, unique
from tests.kafka.jars import tools_are_there
from tests.kafka.server import KafkaServer


def test_what_is_produced_is_read(kafka: str) -> None:
    topic = unique("plain")
    create_topics(kafka, [topic])
    producer = Producer({"bootstrap.servers": kafka})
    for number in range(10):
        producer.produce(topic, key=str(number), value=f"v{number}")
    assert producer.flush(20) == 0
    assert {m.value() for m in read_all(kafka, topic, 10)} == {f"v{n}".encode() for n in range(10)}


def test_a_topic_keeps_its_compaction(kafka: str) -> None:
    topic = unique("compacted")
    create_topics(kafka, [topic], config={"cleanup.policy": "compact"})
    wanted = ConfigResource(ResourceType.TOPIC, topic)
    admin = AdminClient({"bootstrap.servers": kafka})
    settings = admin.describe_configs([wanted])[wanted].result(20)
    assert settings["cleanup.policy"].value == "compact"


def test_an_aborted_transaction_is_not_seen(kafka: str) -> None:
    topic = unique("aborted")
    create_topics(kafka, [topic], partitions=1)
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": unique("tx")})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, value="aborted")
    producer.flush(20)
    producer.abort_transaction(20)
    producer.begin_transaction()
    producer.produce(topic, value="committed")
    producer.commit_transaction(20)
    seen = read_all(kafka, topic, 1, partitions=1)
    assert [message.value() for message in seen] == [b"committed"]


def test_an_address_that_is_given_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "given:9092")
    with broker() as address:
        assert address == "given:9092"


def test_looking_for_docker_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert not docker_answers()
    gc.collect()  # a socket left open would be an error here


@pytest.mark.skipif(not tools_are_there(), reason="needs a broker of our own to kill")
def test_a_killed_broker_keeps_what_it_confirmed() -> None:
    server = KafkaServer()
    try:
        server.start()
        create_topics(server.bootstrap_servers, ["kept"], partitions=1)
        producer = Producer({"bootstrap.servers": server.bootstrap_servers, "acks": "all"})
        producer.produce("kept", value="v")
        assert producer.flush(20) == 0
        server.kill()
        server.start()
        assert len(read_all(server.bootstrap_servers, "kept", 1, partitions=1)) == 1
        server.restart()
        assert len(read_all(server.bootstrap_servers, "kept", 1, partitions=1)) == 1
    finally:
        server.remove()
