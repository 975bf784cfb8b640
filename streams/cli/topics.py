"""topics create | check | acls."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from streams.cli.failures import EXIT_FAILED
from streams.cli.options import ConfigOption, ServersOption, settings_of
from streams.security.program import Program

_PRINCIPAL = re.compile(r"[A-Za-z]+:.+")

topics_app = typer.Typer(name="topics", help="Make or check the topics.", no_args_is_help=True)


@topics_app.command()
def create(
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a broker that is starting.")
    ] = 0.0,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Make the topics that are not there; leave the others as they are.

    Example: shopstreams topics create --bootstrap-servers broker:9092
    """
    settings = settings_of(config, bootstrap_servers)
    from streams.admin import BrokerUnreachable, create_topics
    from streams.cli.waiting import wait_for
    from streams.logs import configure_logging

    configure_logging(settings.logging)
    for report in wait_for(lambda: create_topics(settings), (BrokerUnreachable,), wait):
        done = f"made, {settings.kafka.partitions} partitions" if report.created else "was there"
        print(f"{report.name}: {done}")


@topics_app.command()
def check(config: ConfigOption = None, bootstrap_servers: ServersOption = None) -> None:
    """Say what of the topics is not as it should be.

    Example: shopstreams topics check
    """
    settings = settings_of(config, bootstrap_servers)
    from streams.admin import check_topics
    from streams.replication import replication_doubts

    reports = check_topics(settings)
    for report in reports:
        for difference in report.differences:
            print(f"{report.name}: {difference}")
        if not report.differences:
            print(f"{report.name}: as it should be, {report.partitions} partitions")
    for doubt in replication_doubts(settings):
        print(f"warning: {doubt}")
    if any(report.differences for report in reports):
        raise typer.Exit(EXIT_FAILED)


@topics_app.command()
def acls(
    principal: Annotated[
        str, typer.Option(metavar="User:NAME", help="Who is to be allowed, in Kafka's words.")
    ],
    program: Annotated[
        Program, typer.Option("--for", help="What is to be allowed: what this program needs.")
    ] = Program.WORKER,
    create: Annotated[bool, typer.Option("--create", help="Allow it, not only print it.")] = False,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Print what a program must be allowed to do, as commands of Kafka's own; or allow it.

    Example: shopstreams topics acls --principal User:shop --for worker
    """
    if not _PRINCIPAL.fullmatch(principal):
        raise typer.BadParameter(
            f"{principal!r} has no type, and Kafka would match nobody: 'User:{principal}'",
            param_hint="--principal",
        )
    settings = settings_of(config, bootstrap_servers)
    from streams.security.acls import commands, rights

    needed = rights(settings, program)
    if not create:
        for line in commands(needed, principal, settings.kafka.bootstrap_servers):
            print(line)
        return
    from streams.security.rights import grant

    print(f"{principal}: {grant(settings, principal, needed)} rights given, as {program.value}")
