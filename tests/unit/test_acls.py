"""What each program is to be allowed: all that it needs, nothing beside it."""

from __future__ import annotations

import pytest

from inference.testing import FakeInference
from schemas.topics import DEFAULT_TOPICS, Role
from streams.agents import create_tasks
from streams.config import load_settings
from streams.faust_app import create_app
from streams.security.acls import (
    Operation,
    Resource,
    Right,
    changelogs,
    commands,
    rights,
)
from streams.security.program import Program

SETTINGS = load_settings(
    environ={},
    flags={"kafka.group": "till", "topics.reviews": "shop.reviews", "moderation.enabled": True},
).settings


def names(program: Program, operation: Operation, resource: Resource) -> set[str]:
    found = rights(SETTINGS, program)
    return {one.name for one in found if (one.operation, one.resource) == (operation, resource)}


def by_role(*roles: Role) -> set[str]:
    specs = SETTINGS.named_topics().specs
    return {spec.name for spec in specs if spec.role in roles}


def test_a_worker_reads_what_comes_and_writes_what_leaves() -> None:
    logs = set(changelogs(SETTINGS))
    topic = Resource.TOPIC
    worker = Program.WORKER
    read = by_role(Role.SOURCE, Role.REFERENCE, Role.CONTROL)
    written = by_role(Role.RESULT, Role.BESIDE, Role.REPORT)
    assert names(worker, Operation.READ, topic) == read | logs | {"dead-letters"}
    assert names(worker, Operation.WRITE, topic) == written | logs
    assert names(worker, Operation.CREATE, topic) == logs
    assert names(worker, Operation.READ, Resource.GROUP) == {"till"}
    assert "till-shop.reviews-" in names(worker, Operation.WRITE, Resource.TRANSACTIONAL_ID)
    assert len(rights(SETTINGS, worker)) == len(read | written) + 1 + 3 * len(logs) + 1 + 4


def more_than(without: dict[str, object], flags: dict[str, object]) -> set[tuple[Operation, str]]:
    few, many = (
        set(rights(load_settings(environ={}, flags=one).settings, Program.WORKER))
        for one in (without, without | flags)
    )
    assert few <= many
    return {(one.operation, one.name) for one in many - few}


def test_a_page_with_a_token_sends_letters_back_to_the_sources() -> None:
    assert more_than({}, {"web.token_file": "token"}) == {
        (Operation.WRITE, name) for name in ("reviews", "queries", "orders")
    }


def test_a_worker_whose_page_takes_decisions_reads_what_waits_and_writes_them() -> None:
    more = more_than({"moderation.enabled": True}, {"web.token_file": "token"})
    assert more >= {
        (Operation.WRITE, "moderation-decisions"),
        (Operation.READ, "held-reviews"),
        (Operation.READ, "review-decisions"),
    }


def test_without_a_page_nothing_is_needed_for_it() -> None:
    no_page: dict[str, object] = {"web.enabled": False, "moderation.enabled": True}
    assert not more_than(no_page, {"web.token_file": "token"})
    assert more_than(no_page, {"web.enabled": True}) == {(Operation.READ, "dead-letters")}


def test_every_topic_is_somebodys() -> None:
    known = {one.name for one in rights(SETTINGS, Program.WORKER)}
    assert {spec.name for spec in SETTINGS.named_topics().specs} <= known


def test_every_tables_changelog_is_among_them() -> None:
    app = create_app(SETTINGS, 1, lambda: None)
    slots = ("sentiment", "intent", "recommend", "moderation")
    create_tasks(SETTINGS, app, FakeInference(dict.fromkeys(slots, ())), 1)
    made = {table.changelog_topic_name for table in app.tables.values()}
    assert made == set(changelogs(SETTINGS))


def test_without_transactions_no_id_is_needed() -> None:
    settings = load_settings(environ={}, flags={"engine.delivery": "at_least_once"}).settings
    kinds = {one.resource for one in rights(settings, Program.WORKER)}
    assert kinds == {Resource.TOPIC, Resource.GROUP}


@pytest.mark.parametrize(
    ("program", "operation", "roles"),
    [
        (Program.SENDER, Operation.WRITE, (Role.SOURCE, Role.REFERENCE)),
        (Program.READER, Operation.READ, (Role.RESULT, Role.BESIDE)),
    ],
)
def test_a_shops_own_programs_do_one_thing(
    program: Program, operation: Operation, roles: tuple[Role, ...]
) -> None:
    needed = rights(SETTINGS, program)
    assert {one.operation for one in needed} == {operation}
    assert {one.name for one in needed} == by_role(*roles)


def test_an_operator_may_make_every_topic() -> None:
    made = names(Program.OPERATOR, Operation.CREATE, Resource.TOPIC)
    assert len(made) == len(DEFAULT_TOPICS)


def test_rights_are_printed_as_commands() -> None:
    some = [
        Right(resource=Resource.TOPIC, operation=Operation.READ, name="b"),
        Right(resource=Resource.TOPIC, operation=Operation.READ, name="a"),
        Right(
            resource=Resource.TRANSACTIONAL_ID, operation=Operation.WRITE, name="t-", is_prefix=True
        ),
    ]
    begin = "kafka-acls.sh --bootstrap-server k:9092 --add --allow-principal 'User:Über Shop'"
    assert list(commands(some, "User:Über Shop", "k:9092")) == [
        f"{begin} --operation Read --topic a --topic b",
        f"{begin} --operation Write --resource-pattern-type prefixed --transactional-id t-",
    ]
