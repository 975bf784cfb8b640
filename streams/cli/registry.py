"""registry create | add | list | promote | rollback: versions of a model of your own."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.data import attributes_of, columns_of
from streams.cli.options import MapOption
from streams.cli.train import AttributesOption, Slot

if TYPE_CHECKING:
    from inference.registry.records import Version

registry_app = typer.Typer(
    name="registry",
    help="Keep versions of a model, and say which of them is live.",
    no_args_is_help=True,
)

PathArgument = Annotated[
    str, typer.Argument(metavar="PATH", help="A folder, or an address that fsspec knows.")
]
PERCENT = 100


@registry_app.command()
def create(
    path: PathArgument,
    task: Annotated[Slot, typer.Argument(metavar="TASK", help="What its models are for.")],
    evaluation: Annotated[
        Path, typer.Option(metavar="FILE", help="Labelled texts; each version is measured on them.")
    ],
    mapping: MapOption = None,
    attributes: AttributesOption = None,
) -> None:
    """Make a registry; the evaluation file is copied into it and stays what it is.

    Example: shopstreams registry create /models/sentiment sentiment --evaluation held-out.csv
    """
    from inference.registry.records import About
    from inference.registry.registry import Registry

    about = About(
        slot=task.value,
        evaluation=f"evaluation/{evaluation.name}",
        columns=columns_of(mapping).renamed,
        attributes=attributes_of(attributes),
    )
    Registry.create(path, about, evaluation)
    print(path)


@registry_app.command()
def add(
    path: PathArgument,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model's folder.")],
) -> None:
    """Measure a model, copy it in and make it the candidate.

    Example: shopstreams registry add /models/sentiment my-sentiment
    """
    from inference.registry.registry import Registry

    print(_line(Registry(path).add(model), "candidate"))


@registry_app.command("list")
def list_(
    path: PathArgument,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say which versions there are, the newest first, and which is live.

    Example: shopstreams registry list /models/sentiment
    """
    from inference.registry.registry import Registry

    registry = Registry(path)
    versions, aliases = registry.versions(), registry.aliases()
    if as_json:
        content = {"versions": [asdict(one) for one in versions], "aliases": aliases}
        print(json.dumps(content, indent=2, ensure_ascii=False))
        return
    for version in versions:
        names = [alias.value for alias, digest in aliases.items() if digest == version.hash]
        print(_line(version, ", ".join(names)))


@registry_app.command()
def promote(
    path: PathArgument,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="candidate, or a hash's beginning.")
    ] = "candidate",
    force: Annotated[bool, typer.Option("--force", help="Though it is worse.")] = False,
) -> None:
    """Make a version the live one; one that is worse than the live one is refused.

    Workers with models.sentiment = "registry:PATH@live" load it when they start; to change it in
    workers that run, say `shopstreams models swap sentiment registry:PATH@live`.

    Example: shopstreams registry promote /models/sentiment
    """
    from inference.registry.registry import Registry

    print(_line(Registry(path).promote(version, force=force), "live"))


@registry_app.command()
def rollback(path: PathArgument) -> None:
    """Make the previous version the live one again.

    Example: shopstreams registry rollback /models/sentiment
    """
    from inference.registry.registry import Registry

    print(_line(Registry(path).rollback(), "live"))


def _line(version: Version, role: str) -> str:
    low, high = (PERCENT * end for end in version.interval)
    figure = f"macro-F1 {PERCENT * version.macro_f1:.1f} ({low:.1f} to {high:.1f})"
    return f"{version.hash}  {figure}  {version.added_at}  {version.name}  {role}".rstrip()
