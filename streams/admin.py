"""Topics: made as they should be, and compared with what is there; clients for short errands.

AdminError
├── BrokerUnreachable    nothing answers at the address
├── BrokerRefused        the broker answered with an error
├── TopicsMissing        a topic is not there and must not be made on the fly
└── UnequalPartitions    the sources' numbers of partitions differ
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    AdminClient,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.topics import Role, TopicSpec
from streams.config import Settings
from streams.config_sections import KafkaSettings
from streams.errors import StreamsError
from streams.security import probe
from streams.security.for_librdkafka import librdkafka_options

TIMEOUT_S: Final = 10.0

_STEP_S: Final = 1.0
_LOOK_INTERVAL_S: Final = 0.05
_HOPELESS: Final = frozenset(
    {KafkaError._ALL_BROKERS_DOWN, KafkaError._AUTHENTICATION, KafkaError._SSL}
)
_SILENT: Final = 0
"""librdkafka's own lines on stderr say the same as our sentence, twenty times a second."""


class AdminError(StreamsError):
    """Base of this module's errors; each message says what to do."""


class BrokerUnreachable(AdminError):
    """Nothing answers at the address."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"no Kafka broker answers at {address}: start one, or name another with "
            "--bootstrap-servers or SHOPSTREAMS_KAFKA__BOOTSTRAP_SERVERS"
        )


class BrokerRefused(AdminError):
    """The broker answered with an error."""


class TopicsMissing(AdminError):
    """Topics are not there and must not be made on the fly."""

    def __init__(self, names: Collection[str], address: str) -> None:
        plural = "s" if len(names) > 1 else ""
        super().__init__(
            f"the broker at {address} has no topic{plural} {', '.join(names)}: "
            f"make {'them' if plural else 'it'} with `shopstreams topics create`"
        )
        self.names = tuple(names)


class UnequalPartitions(AdminError):
    """The sources' numbers of partitions differ."""


@dataclass(frozen=True, kw_only=True)
class TopicReport:
    """What was done with one topic, or what differs in it."""

    name: str
    created: bool = False
    exists: bool = True
    partitions: int = 0  # as the broker has it
    differences: tuple[str, ...] = ()  # sentences, each with what to do


def client_options(kafka: KafkaSettings) -> dict[str, Any]:
    """Return what all clients of librdkafka are made with."""
    return {
        "bootstrap.servers": kafka.bootstrap_servers,
        "client.id": f"{kafka.group}-cli",
        "log_level": _SILENT,
        "error_cb": _ignore,
    } | librdkafka_options(kafka)


def cluster(kafka: KafkaSettings) -> ClusterMetadata:
    """Return the broker's topics; raises `BrokerUnreachable` or `AccessError`."""
    problems: list[KafkaError] = []
    client = AdminClient(client_options(kafka) | {"error_cb": problems.append})
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return client.list_topics(timeout=_STEP_S)
        except KafkaException as error:
            client.poll(0)  # which hands over the problems
            codes = {one.code() for one in problems}
            if codes & _HOPELESS or time.monotonic() > deadline:
                raise _why_unreachable(kafka, codes) from error


def _why_unreachable(kafka: KafkaSettings, codes: Collection[int]) -> StreamsError:
    """Return what is wrong, and whether waiting may help, after a client has failed."""
    refusal = probe.refusal(kafka, kafka.bootstrap_servers)
    if KafkaError._AUTHENTICATION in codes:
        return probe.not_accepted(kafka, kafka.bootstrap_servers)
    return refusal or BrokerUnreachable(kafka.bootstrap_servers)


def require_topics(settings: Settings, names: Iterable[str]) -> dict[str, int]:
    """Return the number of partitions of each topic.

    A broker that cannot be asked for topics makes them when they are first used: there, they are
    made. Elsewhere a topic that is not there raises `TopicsMissing`.
    """
    wanted = list(names)
    counts = _counts(cluster(settings.kafka), wanted)
    missing = [name for name in wanted if name not in counts]
    if missing and not settings.kafka.declare_topics:
        touch_topics(settings.kafka, missing)
        counts = _counts(cluster(settings.kafka), wanted)
        missing = [name for name in wanted if name not in counts]
    if missing:
        raise TopicsMissing(missing, settings.kafka.bootstrap_servers)
    return counts


async def source_partitions(settings: Settings) -> int:
    """Make topics that are not there and return how many partitions each source has.

    Raises `AdminError` where the sources' numbers differ, since state would lie in the wrong
    worker, and where broker or topics cannot be had.
    """
    return await asyncio.to_thread(_prepare, settings)


def _prepare(settings: Settings) -> int:
    if settings.kafka.declare_topics:
        create_topics(settings)
    topics = settings.named_topics()
    counts = require_topics(settings, [spec.name for spec in topics.specs])
    sources = [spec.name for spec in topics.of(Role.SOURCE)]
    if problem := _unequal(counts, sources):
        raise UnequalPartitions(problem)
    return counts[sources[0]]


def touch_topics(kafka: KafkaSettings, names: Iterable[str]) -> None:
    """Make topics by asking for them as a producer does: the embedded broker's only way."""
    producer = Producer(client_options(kafka))
    for name in names:
        producer.list_topics(name, timeout=TIMEOUT_S)


def create_topics(settings: Settings) -> list[TopicReport]:
    """Make the topics that are not there, leave the others; raises `AdminError`."""
    there = cluster(settings.kafka).topics
    specs = settings.named_topics().specs
    new = [_new_topic(spec, settings.kafka) for spec in specs if spec.name not in there]
    client = AdminClient(client_options(settings.kafka))
    try:
        futures = client.create_topics(new, operation_timeout=TIMEOUT_S) if new else {}
        created = {name for name, future in futures.items() if _was_created(name, future)}
    except KafkaException as error:
        raise BrokerRefused(_refusal(error)) from error
    _await_leaders(settings, created)
    return [TopicReport(name=spec.name, created=spec.name in created) for spec in specs]


def _await_leaders(settings: Settings, names: Collection[str]) -> None:
    """Wait until new topics can be used: a broker answers "made" before it knows them itself."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        known = cluster(settings.kafka).topics
        partitions = [known[name].partitions.values() for name in names if name in known]
        led = [all(one.leader >= 0 for one in found) for found in partitions if found]
        if len(led) == len(names) and all(led):
            return
        if time.monotonic() > deadline:
            raise BrokerRefused(f"the broker made {', '.join(names)}, but they have no leaders")
        time.sleep(_LOOK_INTERVAL_S)


def check_topics(settings: Settings) -> list[TopicReport]:
    """Compare each topic with what it should be; raises `AdminError`."""
    topics = settings.named_topics()
    counts = _counts(cluster(settings.kafka), [spec.name for spec in topics.specs])
    in_force = _configs(settings.kafka, list(counts))
    sources = [spec.name for spec in topics.of(Role.SOURCE)]
    unequal = _unequal(counts, sources)
    reports = []
    for spec in topics.specs:
        if spec.name not in counts:
            missing = "is not there: make it with `shopstreams topics create`"
            reports.append(TopicReport(name=spec.name, exists=False, differences=(missing,)))
            continue
        differences = _config_differences(spec, in_force.get(spec.name, {}))
        if spec.role is Role.SOURCE and unequal:
            differences.append(unequal)
        reports.append(
            TopicReport(
                name=spec.name,
                partitions=counts[spec.name],
                differences=tuple(differences),
            )
        )
    return reports


def _counts(metadata: ClusterMetadata, names: Iterable[str]) -> dict[str, int]:
    return {
        name: len(metadata.topics[name].partitions)
        for name in names
        if name in metadata.topics and metadata.topics[name].partitions
    }


def _unequal(counts: Mapping[str, int], sources: list[str]) -> str | None:
    found = {name: counts[name] for name in sources if name in counts}
    if len(set(found.values())) <= 1:
        return None
    shown = ", ".join(f"{name} {count}" for name, count in found.items())
    most = max(found.values())
    return (
        f"the sources differ in partitions ({shown}), so a customer's events meet in no one "
        f"worker: give each {most}, as in `kafka-topics.sh --alter --partitions {most}`"
    )


def _new_topic(spec: TopicSpec, kafka: KafkaSettings) -> NewTopic:
    return NewTopic(
        spec.name,
        num_partitions=kafka.partitions,
        replication_factor=kafka.replication_factor,
        config=spec.broker_config(),
    )


def _was_created(name: str, future: Future[None]) -> bool:
    try:
        future.result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False  # another one was quicker
        if error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise BrokerRefused(
                f"the topic {name} is not there, and we may not make it: let someone who may run "
                "`shopstreams topics create`"
            ) from error
        raise BrokerRefused(f"{name} was not made: {_refusal(error)}") from error
    return True


def _configs(kafka: KafkaSettings, names: list[str]) -> dict[str, dict[str, ConfigEntry]]:
    client = AdminClient(client_options(kafka))
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    try:
        futures = client.describe_configs(resources, request_timeout=TIMEOUT_S) if names else {}
        return {resource.name: future.result() for resource, future in futures.items()}
    except KafkaException as error:
        raise BrokerRefused(_refusal(error)) from error


def _config_differences(spec: TopicSpec, found: Mapping[str, ConfigEntry]) -> list[str]:
    return [
        f"{name} is {found[name].value}, should be {wanted}"
        for name, wanted in spec.broker_config().items()
        if name in found and found[name].value != wanted
    ]


def _refusal(error: KafkaException) -> str:
    code = error.args[0].code()
    if code in {KafkaError._TIMED_OUT, KafkaError._UNSUPPORTED_FEATURE}:
        return (
            "the broker does not answer questions about its topics: the embedded one cannot, "
            "and makes topics by itself (kafka.declare_topics = false)"
        )
    if code == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return (
            "the broker does not let us see its topics' settings: `shopstreams topics acls "
            "--for operator` shows what that takes"
        )
    return f"the broker refused: {_reason(error)}"


def _reason(error: KafkaException) -> str:
    return str(error.args[0].str())


def _ignore(error: KafkaError) -> None:
    """Do nothing: whoever made the client hears of it by a result or a time-out."""
