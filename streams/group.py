"""The consumer group, seen from outside: who is in it, and whose seat is to be given up.

A static member keeps its seat when it stops, since the group cannot know a restart from a stop
for good; whoever scales down knows, and says so here.

AdminError
└── NoSuchMember    nobody has a seat under that name
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NoError, UnknownMemberIdError, for_code
from aiokafka.protocol.group import LeaveGroupRequest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.admin import TIMEOUT_S, AdminError, BrokerRefused, client_options, cluster
from streams.config_sections import KafkaSettings
from streams.security.for_aiokafka import aiokafka_options

MILLISECONDS = 1000


class NoSuchMember(AdminError):
    """Nobody has a seat under that name."""

    def __init__(self, wanted: str, group: str, seats: Collection[str]) -> None:
        there = ", ".join(sorted(seats)) or "none"
        super().__init__(
            f"group {group} has no static member {wanted} (there are: {there}): a seat has the"
            " name of its worker's kafka.instance_id"
        )


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of the group."""

    id: str  # the broker's name for it
    instance_id: str | None  # the seat that a static member keeps over a restart
    host: str
    partitions: int  # assigned to it


def members(kafka: KafkaSettings) -> list[Member]:
    """Return who is in the group; raises `AdminError`."""
    cluster(kafka)  # says it better where nothing answers
    client = AdminClient(client_options(kafka))
    asked = client.describe_consumer_groups([kafka.group], request_timeout=TIMEOUT_S)
    try:
        described = asked[kafka.group].result(TIMEOUT_S)
    except KafkaException as error:
        raise BrokerRefused(f"the broker did not describe the group: {error}") from error
    return [
        Member(
            id=member.member_id,
            instance_id=member.group_instance_id,
            host=member.host,
            partitions=len(member.assignment.topic_partitions),
        )
        for member in described.members
    ]


def leave(kafka: KafkaSettings, instance_ids: Sequence[str]) -> None:
    """Give up the seats of static members that have stopped; raises `AdminError`.

    Their partitions move to the others at once. One that still runs comes back by itself.
    """
    seats = {one.instance_id: one for one in members(kafka) if one.instance_id is not None}
    for wanted in instance_ids:
        if wanted not in seats:
            raise NoSuchMember(wanted, kafka.group, seats)
    try:
        asyncio.run(_leave(kafka, [seats[wanted].id for wanted in instance_ids]))
    except (KafkaError, TimeoutError) as error:
        raise BrokerRefused(f"the seat was not given up: {error}") from error


async def _leave(kafka: KafkaSettings, member_ids: Sequence[str]) -> None:
    client = AIOKafkaAdminClient(
        bootstrap_servers=kafka.bootstrap_servers,
        client_id=f"{kafka.group}-cli",
        request_timeout_ms=int(TIMEOUT_S * MILLISECONDS),
        **aiokafka_options(kafka),
    )
    await client.start()
    try:
        coordinator = await client.find_coordinator(kafka.group)
        for member_id in member_ids:
            request = LeaveGroupRequest(kafka.group, member_id)
            answer = await client._send_request_to_node(coordinator, request)
            error = for_code(answer.error_code)
            # It may have gone by itself meanwhile.
            if error not in (NoError, UnknownMemberIdError):
                raise error(f"{member_id} is still in the group")
    finally:
        await client.close()
