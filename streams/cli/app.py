"""All commands; short ones live here."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from streams.cli.compress import compress_app
from streams.cli.dead_letters import dead_letters_app
from streams.cli.decisions import decisions_app
from streams.cli.demo import demo
from streams.cli.doctor import doctor
from streams.cli.evaluate import evaluate_app
from streams.cli.evaluate_reply import reply as evaluate_reply
from streams.cli.explain import explain
from streams.cli.feed import feed
from streams.cli.group import group_app
from streams.cli.health import health
from streams.cli.models import models_app
from streams.cli.options import ConfigOption, ServersOption, load, settings_of
from streams.cli.policy import policy_app
from streams.cli.pretrain import pretrain
from streams.cli.registry import registry_app
from streams.cli.replay import replay_app
from streams.cli.tail import tail
from streams.cli.topics import topics_app
from streams.cli.train import distil, train_app
from streams.cli.train_reply import reply as train_reply

app = typer.Typer(
    name="shopstreams",
    help="Labels, replies and recommendations for a shop's events, from Kafka to Kafka.\n\n"
    "Begin with: shopstreams demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo)
app.add_typer(topics_app)
app.add_typer(replay_app)
app.command()(feed)
app.command()(tail)
app.add_typer(dead_letters_app)
app.add_typer(decisions_app)
app.add_typer(policy_app)
app.add_typer(group_app)
app.add_typer(models_app)
evaluate_app.command("reply")(evaluate_reply)
app.add_typer(evaluate_app)
train_app.command("reply")(train_reply)
app.add_typer(train_app)
app.command()(distil)
app.command()(pretrain)
app.add_typer(compress_app)
app.add_typer(registry_app)
app.command()(explain)
app.command()(doctor)
app.command()(health)


class ContractFormat(StrEnum):
    """How the wire is written down."""

    JSON_SCHEMA = "json-schema"
    ASYNCAPI = "asyncapi"


@app.command()
def run(
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
    group: Annotated[str | None, typer.Option(help="Consumer group of the workers.")] = None,
    instance_id: Annotated[str | None, typer.Option(help="Static membership's name.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    port: Annotated[int | None, typer.Option(help="Of the worker's page.")] = None,
    level: Annotated[str | None, typer.Option(help="Least that is logged.")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="Log lines: console or json.")
    ] = None,
) -> None:
    """Run a worker until it is told to stop.

    Example: shopstreams run --bootstrap-servers broker:9092 --device cuda
    """
    settings = settings_of(
        config,
        bootstrap_servers,
        kafka__group=group,
        kafka__instance_id=instance_id,
        inference__device=device,
        web__port=port,
        logging__level=level,
        logging__format=format_,
    )
    from streams.app import run_worker

    raise typer.Exit(run_worker(settings))


@app.command()
def contract(
    format_: Annotated[
        ContractFormat, typer.Option("--format", help="How it is written down.")
    ] = ContractFormat.JSON_SCHEMA,
    config: ConfigOption = None,
) -> None:
    """Print the contract of all messages as JSON.

    Example: shopstreams contract --format asyncapi > asyncapi.json
    """
    from schemas import contract as contracts

    topics = settings_of(config, None).named_topics()
    build = {
        ContractFormat.JSON_SCHEMA: contracts.contract,
        ContractFormat.ASYNCAPI: contracts.asyncapi,
    }[format_]
    print(json.dumps(build(topics), indent=2, ensure_ascii=False))


@app.command()
def config(
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a machine.")] = False,
) -> None:
    """Print the settings in force and where each value came from.

    Example: SHOPSTREAMS_KAFKA__GROUP=test shopstreams config
    """
    from streams.cli.show_config import as_object, table

    loaded = load(config, bootstrap_servers)
    if as_json:
        print(json.dumps(as_object(loaded), indent=2, ensure_ascii=False))
    else:
        from rich.console import Console

        Console().print(table(loaded))
