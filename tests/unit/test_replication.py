"""What would be lost with one broker, in a cluster that could keep it."""

from __future__ import annotations

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    BrokerMetadata,
    ClusterMetadata,
    PartitionMetadata,
    TopicMetadata,
)

from streams.replication import doubts


def a_cluster(brokers: int, **replicas: list[int]) -> ClusterMetadata:
    """Return a cluster with topics by name, each with so many replicas a partition."""
    found = ClusterMetadata()
    found.brokers = {number: BrokerMetadata() for number in range(brokers)}
    for name, counts in replicas.items():
        topic = found.topics[name] = TopicMetadata()
        topic.topic = name
        for number, count in enumerate(counts):
            partition = topic.partitions[number] = PartitionMetadata()
            partition.replicas = list(range(count))
    return found


def test_a_topic_on_one_broker_of_three_is_named() -> None:
    three = a_cluster(3, reviews=[3, 3], orders=[3, 1], foreign=[1])
    (doubt,) = doubts(three, ["reviews", "orders", "not-there"], 3)
    assert doubt.startswith("on one of 3 brokers alone, and gone with it: orders; ")


def test_what_will_be_made_on_one_broker_of_three_is_told() -> None:
    (doubt,) = doubts(a_cluster(3, reviews=[3]), ["reviews"], 1)
    assert "kafka.replication_factor is 1 in a cluster of 3 brokers" in doubt
    assert doubt.endswith("set it to 3")


@pytest.mark.parametrize(("brokers", "factor"), [(1, 1), (2, 1), (5, 3)])
def test_nothing_is_said_where_there_is_no_room_or_no_need(brokers: int, factor: int) -> None:
    found = a_cluster(brokers, reviews=[factor])
    assert not list(doubts(found, ["reviews"], factor))
