"""models list | load | swap | rollback | shadow | drop."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.options import ConfigOption, ServersOption, settings_of

if TYPE_CHECKING:
    from schemas.models import LoadedModel, ModelCommand, ModelEvent
    from streams.config import Settings
    from streams.models.answers import Answers
    from streams.models.operator import Operator

models_app = typer.Typer(
    name="models",
    help="See and change the models of all workers, while they run.",
    no_args_is_help=True,
)

SlotArgument = Annotated[
    str,
    typer.Argument(
        metavar="SLOT", help="sentiment, intent, recommend, moderation or aspects, as in [models]."
    ),
]
SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A folder that all workers see, or a hub name.")
]
MaybeSource = Annotated[
    str | None,
    typer.Argument(metavar="SOURCE", help="A folder or a hub name; without, the candidate."),
]
TimeoutOption = Annotated[
    float, typer.Option(min=1, help="Seconds that the workers have for each step.")
]
PATIENCE_S = 120.0
UNUSED = {
    "moderation": "reviews are not moderated here: set moderation.enabled = true",
    "aspects": "the sentiment model answers for aspects here: name another in models.aspects",
}
"""Why a slot of [models] is not there, and what to do."""
PERCENT = 100


@models_app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    timeout: TimeoutOption = 10.0,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Say which models are in force, and how they stand in every worker.

    Example: shopstreams models list
    """
    from streams.cli.printable import harmless

    settings = settings_of(config, bootstrap_servers)
    operator = _operator(settings, timeout, quiet=True)
    in_force, answers = operator.in_force(), operator.report()
    if as_json:
        _print_json(in_force, answers)
        return
    for slot, command in in_force.items():
        print(harmless(f"{slot}: {_told(command)}"))
        for event in answers.of(slot):
            print(harmless(f"  {event.worker}  {_standing(event)}"))
    if answers.silent:
        print(f"{answers.silent} of {answers.workers} workers gave no answer")
    elif not answers.heard:
        print(f"no worker of group {settings.kafka.group} runs")


@models_app.command()
def load(
    slot: SlotArgument,
    source: SourceArgument,
    timeout: TimeoutOption = PATIENCE_S,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Load a candidate beside the model in use, in every worker; it answers nobody yet.

    Example: shopstreams models load sentiment /models/next
    """
    operator = _operator(settings_of(config, bootstrap_servers), timeout, slot)
    _sum_up(operator.load(slot, _everywhere(source)))


@models_app.command()
def swap(
    slot: SlotArgument,
    source: MaybeSource = None,
    timeout: TimeoutOption = PATIENCE_S,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Use another model, in every worker or in none; `configured` is that of the settings.

    Example: shopstreams models swap sentiment /models/next
    """
    operator = _operator(settings_of(config, bootstrap_servers), timeout, slot)
    _sum_up(operator.swap(slot, None if source is None else _everywhere(source)))


@models_app.command()
def rollback(
    slot: SlotArgument,
    timeout: TimeoutOption = PATIENCE_S,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Use the model that was in use before, in every worker or in none.

    Example: shopstreams models rollback sentiment
    """
    _sum_up(_operator(settings_of(config, bootstrap_servers), timeout, slot).roll_back(slot))


@models_app.command()
def shadow(
    slot: SlotArgument,
    source: MaybeSource = None,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of the traffic; 0 ends it.")
    ] = 0.1,
    timeout: TimeoutOption = PATIENCE_S,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Ask a candidate a share of the traffic; how far it agrees goes to `model-agreement`.

    Example: shopstreams models shadow sentiment /models/next --share 0.05
    """
    operator = _operator(settings_of(config, bootstrap_servers), timeout, slot)
    _sum_up(operator.shadow(slot, None if source is None else _everywhere(source), share))


@models_app.command()
def drop(
    slot: SlotArgument,
    timeout: TimeoutOption = PATIENCE_S,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Free the candidate beside the model in use.

    Example: shopstreams models drop sentiment
    """
    _sum_up(_operator(settings_of(config, bootstrap_servers), timeout, slot).drop(slot))


def _operator(
    settings: Settings, timeout_s: float, slot: str | None = None, *, quiet: bool = False
) -> Operator:
    from schemas.hints import nearest
    from streams.models.operator import Operator

    slots = list(settings.models_in_use())
    if slot in UNUSED and slot not in slots:
        raise typer.BadParameter(f"there is no slot {slot!r}: {UNUSED[slot]}")
    if slot is not None and slot not in slots:
        raise typer.BadParameter(f"there is no slot {slot!r}: {nearest(slot, slots)}")
    return Operator(settings, timeout_s, _ignore if quiet else _tell)


def _everywhere(source: str) -> str:
    """Return a source that does not depend on where the command stands."""
    from inference.registry.named import Named

    named = Named.of(source)
    if named is not None:
        is_elsewhere = "://" in named.place
        return source if is_elsewhere else str(replace(named, place=_absolute(named.place)))
    if source.startswith((".", "/", "~")) or Path(source).expanduser().is_dir():
        return _absolute(source)
    return source


def _absolute(path: str) -> str:
    # A link stays one: workers follow it.
    return os.path.abspath(Path(path).expanduser())  # noqa: PTH100


def _ignore(event: ModelEvent) -> None:
    """Do nothing."""


def _tell(event: ModelEvent) -> None:
    from schemas.models import ModelStep
    from streams.cli.printable import harmless

    if event.step is ModelStep.TAKEN:
        return
    model = event.in_use if event.step is ModelStep.TOOK_OVER else event.candidate or event.in_use
    step = event.step.value.replace("_", " ")
    print(harmless(f"{event.worker}  {step}: {event.reason or _described(model)}"), flush=True)


def _sum_up(answers: Answers) -> None:
    if not answers.heard:
        print("no worker runs; the next one starts with it")


def _told(command: ModelCommand) -> str:
    from schemas.models import CONFIGURED

    choice = command.in_use
    if choice.source == CONFIGURED and command.before is None:
        told = "as configured"
    else:
        pin = f" ({choice.hash})" if choice.hash else ""
        told = f"{choice.source}{pin}, {command.action.value} at {command.issued_at:%F %T %Z}"
    if command.before is not None:
        told += f"; before: {command.before.source}"
    if command.candidate is not None:
        told += f"; candidate: {command.candidate.source}"
    return told


def _standing(event: ModelEvent) -> str:
    told = _described(event.in_use)
    if texts := event.hits + event.misses:
        told += f", {event.hits / texts:.0%} of {texts:,} texts known"
    if event.candidate is not None:
        told += f"; candidate {_described(event.candidate)}, shadow {event.share:.0%}"
    return told


def _described(model: LoadedModel) -> str:
    return f"{model.name} ({model.hash}) in {model.dtype} on {model.device}"


def _print_json(in_force: dict[str, ModelCommand], answers: Answers) -> None:
    import orjson

    found: dict[str, Any] = {
        slot: {
            "in_force": command.model_dump(mode="json"),
            "workers": [event.model_dump(mode="json") for event in answers.of(slot)],
        }
        for slot, command in in_force.items()
    }
    found["silent_workers"] = answers.silent
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
