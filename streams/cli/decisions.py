"""decisions export: what people decided, to train with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.options import ConfigOption, ServersOption, settings_of

decisions_app = typer.Typer(
    name="decisions", help="People's decisions on held reviews.", no_args_is_help=True
)


@decisions_app.callback()
def _decisions() -> None:
    """Keep `export` a command of its own."""


@decisions_app.command()
def export(
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="JSON lines; replaced once all are read.")
    ],
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Write the decisions that were applied as examples: a text and what is in it, a line each.

    Example: shopstreams decisions export --out decisions.jsonl
    """
    settings = settings_of(config, bootstrap_servers)
    from inference.files.whole import written_whole
    from streams.decisions import applied, example_line
    from streams.moderation import require_moderation
    from streams.output_files import require_writable

    require_moderation(settings)
    require_writable(out)
    count = 0
    with written_whole(out) as file:
        for decision in applied(settings):
            file.write(example_line(decision))
            count += 1
    print(f"{out}: {count} reviews that a person decided on")
