"""group show | leave."""

from __future__ import annotations

from typing import Annotated

import typer

from streams.cli.options import ConfigOption, ServersOption, settings_of

group_app = typer.Typer(
    name="group", help="Who works, and whose seat is to be given up.", no_args_is_help=True
)

GroupOption = Annotated[str | None, typer.Option("--group", help="Consumer group of the workers.")]


@group_app.command()
def show(
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
    group: GroupOption = None,
) -> None:
    """Print the group's members: seat, host, how many partitions.

    Example: shopstreams group show
    """
    settings = settings_of(config, bootstrap_servers, kafka__group=group)
    from streams.group import members

    for member in members(settings.kafka):
        seat = member.instance_id or "no seat of its own"
        print(f"{seat}: {member.host}, {member.partitions} partitions")


@group_app.command()
def leave(
    instances: Annotated[
        list[str], typer.Argument(metavar="INSTANCE", help="Its kafka.instance_id.")
    ],
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
    group: GroupOption = None,
) -> None:
    """Give up the seats of workers that were stopped for good: their partitions move at once.

    Example: shopstreams group leave shop-2
    """
    settings = settings_of(config, bootstrap_servers, kafka__group=group)
    from streams.group import leave as give_up

    give_up(settings.kafka, instances)
    for instance in instances:
        print(f"{instance}: left")
