"""replay reviews | queries | orders | catalogue | knowledge."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.failures import EXIT_FAILED, say
from streams.cli.options import ConfigOption, MapOption, ServersOption, settings_of

if TYPE_CHECKING:
    from streams.config import Settings
    from streams.replay.run import Plan, Progress

replay_app = typer.Typer(
    name="replay",
    help="Send a file's rows as events: CSV, JSON lines, a JSON list, text; gzipped or not.",
    no_args_is_help=True,
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="What is sent.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="For rows that have no value of their own."),
]
RateOption = Annotated[
    float | None, typer.Option(min=0.001, help="Records a second; by default as fast as it goes.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="At most so many records.")]
CreatedOption = Annotated[
    str | None,
    typer.Option("--created-at", metavar="TIME", help="For files without times; default now."),
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait for every event's outcome; print a report as JSON.")
]
TimeoutOption = Annotated[
    float,
    typer.Option(min=0.1, help="With --wait: seconds without progress to give up."),
]


@replay_app.command()
def reviews(
    file: FileArgument,
    mapping: MapOption = None,
    constants: SetOption = None,
    rate: RateOption = None,
    limit: LimitOption = None,
    created_at: CreatedOption = None,
    wait: WaitOption = False,
    timeout: TimeoutOption = 60.0,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Send reviews; a column `label` (0 or 1, -1 to 1, stars or words) gives the accuracy.

    Example: shopstreams replay reviews reviews.csv --map text=review,label=label --wait
    """
    settings = settings_of(config, bootstrap_servers)
    plan = _plan(settings, "reviews", file, mapping, constants, rate, limit, created_at)
    _way(wait)(settings, plan, timeout)


@replay_app.command()
def queries(
    file: FileArgument,
    mapping: MapOption = None,
    constants: SetOption = None,
    rate: RateOption = None,
    limit: LimitOption = None,
    created_at: CreatedOption = None,
    wait: WaitOption = False,
    timeout: TimeoutOption = 60.0,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Send customers' messages; of a .txt file, each line is one.

    Example: shopstreams replay queries chats.csv --map text=sentence --rate 20
    """
    settings = settings_of(config, bootstrap_servers)
    plan = _plan(settings, "queries", file, mapping, constants, rate, limit, created_at)
    _way(wait)(settings, plan, timeout)


@replay_app.command()
def orders(
    file: FileArgument,
    mapping: MapOption = None,
    constants: SetOption = None,
    rate: RateOption = None,
    limit: LimitOption = None,
    created_at: CreatedOption = None,
    wait: WaitOption = False,
    timeout: TimeoutOption = 60.0,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Send orders: whole ones, or rows with a product each, gathered by order_id.

    Rows of one order need not be neighbours; 100,000 rows are held while more may come.

    Example: shopstreams replay orders shop.csv.gz --set currency=GBP --map
    order_id=InvoiceNo,user_id=CustomerID,product_id=StockCode,quantity=Quantity,unit_price=UnitPrice,created_at=InvoiceDate
    """
    settings = settings_of(config, bootstrap_servers)
    plan = _plan(settings, "orders", file, mapping, constants, rate, limit, created_at)
    _way(wait)(settings, plan, timeout)


@replay_app.command()
def catalogue(
    file: FileArgument,
    mapping: MapOption = None,
    constants: SetOption = None,
    rate: RateOption = None,
    limit: LimitOption = None,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Send what can be bought; a product on many rows is sent once, under its most frequent title.

    Example: shopstreams replay catalogue shop.csv.gz --map product_id=StockCode,title=Description
    """
    settings = settings_of(config, bootstrap_servers)
    _just_send(settings, _plan(settings, "catalogue", file, mapping, constants, rate, limit))


@replay_app.command()
def knowledge(
    file: FileArgument,
    mapping: MapOption = None,
    constants: SetOption = None,
    rate: RateOption = None,
    limit: LimitOption = None,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Send questions and answers.

    Example: shopstreams replay knowledge faq.json --set language=en
    """
    settings = settings_of(config, bootstrap_servers)
    _just_send(settings, _plan(settings, "knowledge", file, mapping, constants, rate, limit))


def _plan(
    settings: Settings,
    kind: str,
    file: Path,
    mapping: list[str] | None,
    constants: list[str] | None,
    rate: float | None,
    limit: int | None,
    created_at: str | None = None,
) -> Plan:
    from inference.files.columns import Columns, parse_pairs, parse_time, require_fields
    from streams.replay.events import KINDS, Recipe, fields_of
    from streams.replay.run import Plan

    paths = settings.fields.get(kind, {})
    columns = Columns(
        renamed=parse_pairs(mapping or [], "--map"),
        constants=parse_pairs(constants or [], "--set"),
    )
    # What workers find by a path may stand in the file under another name yet.
    known = fields_of(KINDS[kind]) | {path.split(".")[0] for path in paths.values()}
    require_fields(columns.renamed, known, "--map")
    require_fields(columns.constants, known, "--set")
    recipe = Recipe(
        kind=KINDS[kind],
        columns=columns,
        created_at=parse_time(created_at) if created_at else None,
        elsewhere=tuple(paths),
    )
    return Plan(path=file, recipe=recipe, rate=rate, limit=limit)


def _way(wait: bool) -> Callable[[Settings, Plan, float], None]:
    return _send_and_wait if wait else _just_send


def _just_send(settings: Settings, plan: Plan, _timeout_s: float = 0.0) -> None:
    from streams.replay.run import replay

    with _progress(f"sending {plan.path.name}") as progress:
        confirmed = replay(settings, plan, progress)
    topic = settings.named_topics()[plan.recipe.kind.topic_id].name
    print(f"{confirmed} records sent to {topic}")


def _send_and_wait(settings: Settings, plan: Plan, timeout_s: float) -> None:
    from streams.replay.run import replay_and_wait

    with _progress(f"sending {plan.path.name}") as progress:
        report = replay_and_wait(settings, plan, timeout_s, progress)
    print(json.dumps(report.as_json()))
    if report.missing:
        say(
            f"{report.missing} events have no outcome after {timeout_s:g} s without any: "
            "is a worker running (`shopstreams run`)?"
        )
        raise typer.Exit(EXIT_FAILED)


@contextmanager
def _progress(what: str) -> Iterator[Progress]:
    """Show progress on a terminal; elsewhere nothing, so that output stays for machines."""
    if not sys.stderr.isatty():
        yield lambda _sent, _done: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what)

        def show(sent: int, done: int) -> None:
            outcomes = f", {done:,} outcomes" if done else ""
            bar.update(task, description=f"{what}: {sent:,} sent{outcomes}")

        yield show
