"""demo: a shop in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.failures import EXIT_FAILED, say
from streams.cli.options import ConfigOption, settings_of

if TYPE_CHECKING:
    from streams.config import Settings


def demo(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Feed for so long; by default until Ctrl-C.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write what happened.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Events a second.")] = 6.0,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    config: ConfigOption = None,
) -> None:
    """Show a shop's events and what becomes of them: nothing else needs to be installed or run.

    Example: shopstreams demo --seconds 20 --json demo.json
    """
    settings_of(config, None, inference__device=device)  # wrong settings: say so before the start
    from streams.demo.run import DemoPlan, run_demo

    def settings_at(address: str) -> Settings:
        return settings_of(config, address, inference__device=device, kafka__declare_topics=False)

    arguments = [*(("--config", str(config)) if config else ())]
    arguments += ["--device", device] if device else []
    plan = DemoPlan(
        seconds=seconds, rate=rate, json_file=json_file, worker_arguments=tuple(arguments)
    )
    report = run_demo(settings_at, plan)
    if json_file is None:
        print(json.dumps(report))
    if report["missing"]:
        say(f"{report['missing']} events have no outcome")
        raise typer.Exit(EXIT_FAILED)
