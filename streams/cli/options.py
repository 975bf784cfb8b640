"""What commands share: where settings come from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streams.config import LoadedSettings, Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings; by default shopstreams.toml, where there is one.",
    ),
]
ServersOption = Annotated[
    str | None,
    typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="Where Kafka answers."),
]

MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OURS=THEIRS", help="Our field = the file's column, by commas."),
]


def load(config: Path | None, servers: str | None, **more: Any) -> LoadedSettings:
    """Return the settings in force; `more` are flags, named `section__name`."""
    from streams.config import load_settings

    flags = {name.replace("__", "."): value for name, value in more.items()}
    return load_settings(
        config=config,
        environ=os.environ,
        flags=flags | {"kafka.bootstrap_servers": servers},
    )


def model_of(settings: Settings, slot: str) -> str:
    """Return which model a slot is configured to have, the bundled one where it is said of none."""
    return str(getattr(settings.models, slot, None) or "bundled")


def settings_of(config: Path | None, servers: str | None, **more: Any) -> Settings:
    """Return the settings in force without their origins."""
    return load(config, servers, **more).settings
