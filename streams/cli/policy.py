"""policy check: whether a moderation policy can be used, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.failures import EXIT_USAGE, say
from streams.cli.options import ConfigOption, settings_of

if TYPE_CHECKING:
    from rich.table import Table

    from inference.tasks.moderation import Policy

policy_app = typer.Typer(name="policy", help="What becomes of reviews.", no_args_is_help=True)


@policy_app.callback()
def _policy() -> None:
    """Keep `check` a command of its own."""


@policy_app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The bundled policy if none.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Print the thresholds of a policy file by attribute and language, or what is wrong with it.

    Its attributes are compared with the labels of the model that `models.moderation` names.

    Example: shopstreams policy check policy.toml
    """
    from rich.console import Console

    from inference.tasks.moderation_policy import (
        BUNDLED,
        PolicyError,
        read_policy,
        unknown_attributes,
    )

    labels = _labels(settings_of(config, None).models.moderation)
    try:
        policy = read_policy(file or BUNDLED)
    except PolicyError as error:
        say(str(error))
        raise typer.Exit(EXIT_USAGE) from error
    if unknown := unknown_attributes(policy, labels):
        say(f"{file or BUNDLED}: {'; '.join(unknown)}")
        raise typer.Exit(EXIT_USAGE)
    Console().print(_table(policy))


def _labels(model: str) -> list[str]:
    """Return what a model knows, which its folder says; none is loaded."""
    from inference.models.loading import find
    from inference.tasks.registry import MODERATION

    names = find(MODERATION, model).config.get("id2label")
    return [str(name) for name in names.values()] if isinstance(names, dict) else []


def _table(policy: Policy) -> Table:
    from rich.table import Table

    from inference.tasks.moderation import Thresholds

    table = Table("attribute", "language", "hold from", "reject from")
    for attribute in policy.attributes:
        for language, thresholds in policy.languages.items():
            one = thresholds.get(attribute, Thresholds())
            table.add_row(attribute, language.value, _shown(one.hold), _shown(one.reject))
    return table


def _shown(threshold: float | None) -> str:
    return "never" if threshold is None else f"{threshold:g}"
