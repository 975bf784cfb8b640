"""tail: new outcomes as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.options import ConfigOption, ServersOption, settings_of

if TYPE_CHECKING:
    from streams.config import Settings
    from streams.outcomes import ResultRecord, Start

_READ_WAIT_S = 0.5


def tail(
    topics: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC]...", help="All result topics if none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    from_beginning: Annotated[bool, typer.Option(help="All that the topics hold.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Print outcomes as they come, until interrupted.

    Example: shopstreams tail replies handoffs --from-beginning --limit 20
    """
    settings = settings_of(config, bootstrap_servers)
    from streams.outcomes import Start

    start = Start.ALL if from_beginning else Start.NEW
    show = _json_line if as_json else _readable()
    for number, record in enumerate(_records(settings, topics, start), start=1):
        show(record)
        if number == limit:
            return


def _records(settings: Settings, topics: list[str] | None, start: Start) -> Iterator[ResultRecord]:
    from streams.outcomes import OutcomeReader, known_ids

    reader = OutcomeReader(settings, known_ids(settings, topics or []), start)
    try:
        while True:
            yield from reader.read(_READ_WAIT_S)
    finally:
        reader.close()


def _json_line(record: ResultRecord) -> None:
    from streams.cli.printable import json_line

    line = {"topic": record.topic_id, "timestamp_ms": record.timestamp_ms} | record.value
    print(json_line(line), flush=True)


def _readable() -> Callable[[ResultRecord], None]:
    from rich.console import Console

    from streams.cli.lines import outcome_line

    console = Console()
    return lambda record: console.print(outcome_line(record), soft_wrap=True)
