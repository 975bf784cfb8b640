"""What we are allowed to do, asked of the broker and changed at it.

A worker asks before its models load: a right that is missing would otherwise show at the first
record, each in the words of another library.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from streams.admin import TIMEOUT_S, BrokerRefused, client_options, cluster
from streams.config import Settings
from streams.security.acls import Operation, Resource, Right, rights
from streams.security.errors import AccessRefused
from streams.security.program import Program

_RESOURCES = {
    Resource.TOPIC: ResourceType.TOPIC,
    Resource.GROUP: ResourceType.GROUP,
    Resource.TRANSACTIONAL_ID: ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.CREATE: AclOperation.CREATE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS: AclOperation.DESCRIBE_CONFIGS,
}
_FORBIDDEN = frozenset(
    {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
)


class RightsMissing(AccessRefused):
    """A worker may not do what it must."""

    def __init__(self, missing: Iterable[object]) -> None:
        self.missing = tuple(str(right) for right in missing)
        super().__init__(
            f"the broker does not allow {', '.join(self.missing)}: "
            "`shopstreams topics acls` shows what a worker needs, and grants it with --create"
        )


def require_rights(settings: Settings) -> None:
    """Raise `RightsMissing` where a worker may not do what it must, or what `cluster` raises.

    Transactional ids cannot be asked for, nor the right to make a topic that is not there: these
    show when they are used. A broker that tells nobody's rights is taken to allow all.
    """
    if not settings.kafka.declare_topics:
        return  # the embedded broker, which knows no rights
    cluster(settings.kafka)  # which says best why a broker cannot be asked
    needed = rights(settings, Program.WORKER)
    client = AdminClient(client_options(settings.kafka))
    allowed = _of_topics(client, {one.name for one in needed if one.resource is Resource.TOPIC})
    allowed |= _of_group(client, settings.kafka.group)
    if missing := [right for right in needed if not _holds(right, allowed)]:
        raise RightsMissing(missing)


def grant(settings: Settings, principal: str, wanted: Iterable[Right]) -> int:
    """Give the rights to `principal` and return how many; raises `BrokerRefused`."""
    client = AdminClient(client_options(settings.kafka))
    bindings = [_binding(right, principal) for right in wanted]
    try:
        for done in client.create_acls(bindings, request_timeout=TIMEOUT_S).values():
            done.result()
    except KafkaException as error:
        raise BrokerRefused(f"the broker refused: {error.args[0].str()}") from error
    return len(bindings)


_Allowed = dict[tuple[Resource, str], frozenset[Any]]
"""Operations by resource and name, of those that the broker told."""


def _holds(right: Right, allowed: _Allowed) -> bool:
    told = allowed.get((right.resource, right.name))
    return told is None or _OPERATIONS[right.operation] in told


def _of_topics(client: AdminClient, names: set[str]) -> _Allowed:
    asked = client.describe_topics(
        TopicCollection(sorted(names)),
        include_authorized_operations=True,
        request_timeout=TIMEOUT_S,
    )
    return {
        (Resource.TOPIC, name): told
        for name, answer in asked.items()
        if (told := _told(answer)) is not None
    }


def _of_group(client: AdminClient, group: str) -> _Allowed:
    asked = client.describe_consumer_groups(
        [group], include_authorized_operations=True, request_timeout=TIMEOUT_S
    )
    told = _told(asked[group])
    return {} if told is None else {(Resource.GROUP, group): told}


def _told(answer: Future[Any]) -> frozenset[Any] | None:
    """Return the operations allowed, None where the broker does not tell."""
    try:
        operations = answer.result().authorized_operations
    except KafkaException as error:
        return frozenset() if error.args[0].code() in _FORBIDDEN else None
    return frozenset(operations) if operations else None


def _binding(right: Right, principal: str) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.is_prefix else ResourcePatternType.LITERAL
    return AclBinding(
        _RESOURCES[right.resource],
        right.name,
        pattern,
        principal,
        "*",
        _OPERATIONS[right.operation],
        AclPermissionType.ALLOW,
    )
