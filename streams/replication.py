"""Whether records outlive a broker: how many replicas topics have, in a cluster that has room."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    ClusterMetadata,
)

from streams.admin import cluster
from streams.config import Settings
from streams.security.acls import changelogs

ENOUGH_BROKERS: Final = 3
"""From so many on a topic can have three replicas, of which one may fail and one be in repair."""


def replication_doubts(settings: Settings) -> list[str]:
    """Return what would be lost with one broker, a sentence each; raises what `cluster` raises."""
    names = [*(spec.name for spec in settings.named_topics().specs), *changelogs(settings)]
    return list(doubts(cluster(settings.kafka), names, settings.kafka.replication_factor))


def doubts(metadata: ClusterMetadata, names: Collection[str], factor: int) -> Iterator[str]:
    """Yield what is doubtful of the topics called `names`, and of making more with `factor`."""
    brokers = len(metadata.brokers)
    if brokers < ENOUGH_BROKERS:
        return
    if factor == 1:
        yield (
            f"kafka.replication_factor is 1 in a cluster of {brokers} brokers: what is made with "
            f"it is gone with its broker; set it to {ENOUGH_BROKERS}"
        )
    topics = (metadata.topics[name] for name in names if name in metadata.topics)
    alone = [
        topic.topic
        for topic in topics
        if any(len(partition.replicas) == 1 for partition in topic.partitions.values())
    ]
    if alone:
        yield (
            f"on one of {brokers} brokers alone, and gone with it: {', '.join(map(str, alone))}; "
            "give them replicas with `kafka-reassign-partitions.sh`"
        )
