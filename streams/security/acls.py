"""What each program must be allowed to do, and no more: topics, group, transactional ids.

READ, WRITE and ALTER include DESCRIBE at the broker, so it is not asked for beside them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from schemas.topics import Role, TopicSpec
from streams.config import Settings
from streams.config_sections import DeliveryGuarantee
from streams.security.program import Program

TABLES = ("orders", "purchases", "query-languages", "review-languages", "sessions")
"""Of `streams.state`: each has a changelog."""
MODERATION_TABLES = ("held-reviews", "settled-reviews")
"""Of `streams.held`, where reviews are moderated."""


class Resource(StrEnum):
    """What a right is about."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactional-id"


class Operation(StrEnum):
    """What a right allows, in Kafka's words."""

    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"


@dataclass(frozen=True, kw_only=True, order=True)
class Right:
    """One operation on one resource."""

    resource: Resource
    operation: Operation
    name: str
    is_prefix: bool = False  # whether it holds for all names that begin so

    def __str__(self) -> str:
        return f"{self.operation} on {self.resource} {self.name}{'*' if self.is_prefix else ''}"


def rights(settings: Settings, program: Program) -> list[Right]:
    """Return what a program needs, sorted."""
    needed = {
        Program.WORKER: _of_worker,
        Program.OPERATOR: _of_operator,
        Program.SENDER: _of_sender,
        Program.READER: _of_reader,
    }[program]
    return sorted(set(needed(settings)))


def changelogs(settings: Settings) -> list[str]:
    """Return the names of the changelogs' topics."""
    tables = (*TABLES, *MODERATION_TABLES) if settings.moderation.enabled else TABLES
    return [f"{settings.kafka.group}-{table}-changelog" for table in tables]


def commands(rights_: Iterable[Right], principal: str, servers: str) -> Iterator[str]:
    """Yield a line of Kafka's own `kafka-acls.sh` for each kind of right."""

    def kind(right: Right) -> tuple[Resource, Operation, bool]:
        return right.resource, right.operation, right.is_prefix

    in_order = sorted(rights_, key=lambda right: (kind(right), right.name))
    for (resource, operation, is_prefix), alike in groupby(in_order, key=kind):
        names = [word for right in alike for word in (f"--{resource}", right.name)]
        pattern = ["--resource-pattern-type", "prefixed"] if is_prefix else []
        who = ["--add", "--allow-principal", principal, "--operation", operation.value]
        words = ["kafka-acls.sh", "--bootstrap-server", servers, *who, *pattern, *names]
        yield shlex.join(words)


def _of_worker(settings: Settings) -> Iterator[Right]:
    yield from _read(settings, Role.SOURCE, Role.REFERENCE, Role.CONTROL)
    yield from _topics(Operation.WRITE, _names(settings, Role.RESULT, Role.BESIDE, Role.REPORT))
    if settings.web.enabled:
        yield from _of_page(settings)
    for operation in (Operation.READ, Operation.WRITE, Operation.CREATE):
        yield from _topics(operation, changelogs(settings))
    group = settings.kafka.group
    yield Right(resource=Resource.GROUP, operation=Operation.READ, name=group)
    if settings.engine.delivery is DeliveryGuarantee.EXACTLY_ONCE:
        for source in _names(settings, Role.SOURCE):
            yield Right(
                resource=Resource.TRANSACTIONAL_ID,
                operation=Operation.WRITE,
                name=f"{group}-{source}-",
                is_prefix=True,
            )


def _of_page(settings: Settings) -> Iterator[Right]:
    """Yield what the worker's page does with the worker's credentials."""
    topics = settings.named_topics()
    yield from _topics(Operation.READ, [topics["dead-letters"].name])
    if settings.web.token_file is None:
        return
    # Who has the token sends letters back to the sources, and decides on held reviews, whose
    # decisions are a source too.
    yield from _topics(Operation.WRITE, _names(settings, Role.SOURCE))
    if settings.moderation.enabled:
        waiting = [topics[topic_id].name for topic_id in ("held-reviews", "review-decisions")]
        yield from _topics(Operation.READ, waiting)


def _of_operator(settings: Settings) -> Iterator[Right]:
    everything = _names(settings, *Role)
    for operation in (Operation.CREATE, Operation.DESCRIBE_CONFIGS, Operation.DESCRIBE):
        yield from _topics(operation, everything)
    yield from _read(settings, *set(Role).difference([Role.REFERENCE]))
    yield from _topics(Operation.WRITE, _names(settings, Role.CONTROL))
    yield from _of_sender(settings)
    # Who is in it, and whose seat is to be given up.
    yield Right(resource=Resource.GROUP, operation=Operation.READ, name=settings.kafka.group)


def _of_sender(settings: Settings) -> Iterator[Right]:
    yield from _topics(Operation.WRITE, _names(settings, Role.SOURCE, Role.REFERENCE))


def _of_reader(settings: Settings) -> Iterator[Right]:
    yield from _read(settings, Role.RESULT, Role.BESIDE)


def _read(settings: Settings, *roles: Role) -> Iterator[Right]:
    yield from _topics(Operation.READ, _names(settings, *roles))


def _topics(operation: Operation, names: Iterable[str]) -> Iterator[Right]:
    for name in names:
        yield Right(resource=Resource.TOPIC, operation=operation, name=name)


def _names(settings: Settings, *roles: Role) -> list[str]:
    topics = settings.named_topics()
    specs: list[TopicSpec] = [spec for role in roles for spec in topics.of(role)]
    return [spec.name for spec in specs]
