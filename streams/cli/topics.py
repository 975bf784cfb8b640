"""topics create | check."""

from __future__ import annotations

import typer

from streams.cli.failures import EXIT_FAILED
from streams.cli.options import ConfigOption, ServersOption, settings_of

topics_app = typer.Typer(name="topics", help="Make or check the topics.", no_args_is_help=True)


@topics_app.command()
def create(config: ConfigOption = None, bootstrap_servers: ServersOption = None) -> None:
    """Make the topics that are not there; leave the others as they are.

    Example: shopstreams topics create --bootstrap-servers broker:9092
    """
    settings = settings_of(config, bootstrap_servers)
    from streams.admin import create_topics

    for report in create_topics(settings):
        done = f"made, {settings.kafka.partitions} partitions" if report.created else "was there"
        print(f"{report.name}: {done}")


@topics_app.command()
def check(config: ConfigOption = None, bootstrap_servers: ServersOption = None) -> None:
    """Say what of the topics is not as it should be.

    Example: shopstreams topics check
    """
    settings = settings_of(config, bootstrap_servers)
    from streams.admin import check_topics

    reports = check_topics(settings)
    for report in reports:
        for difference in report.differences:
            print(f"{report.name}: {difference}")
        if not report.differences:
            print(f"{report.name}: as it should be, {report.partitions} partitions")
    if any(report.differences for report in reports):
        raise typer.Exit(EXIT_FAILED)
