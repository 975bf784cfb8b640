"""The settings in force, for people and machines, secrets masked."""

from __future__ import annotations

import re
from typing import Any

from rich.table import Table
from rich.text import Text

from streams.config import DEFAULT_ORIGIN, LoadedSettings, setting_values
from streams.config_sources import MASK, Key, is_secret

_SECRET_IN_ADDRESS = re.compile(r"//[^/@\s]+@")


def as_object(loaded: LoadedSettings) -> dict[str, dict[str, Any]]:
    """Return value and origin of each setting by its dotted name."""
    return {
        ".".join(key): {"value": masked(key, value), "origin": loaded.origin(key)}
        for key, value in setting_values(loaded.settings).items()
    }


def table(loaded: LoadedSettings) -> Table:
    """Return the settings as a table; what is not a default stands out."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("setting", "value", "from"):
        shown.add_column(heading, overflow="fold")
    for key, value in setting_values(loaded.settings).items():
        origin = loaded.origin(key)
        style = "dim" if origin == DEFAULT_ORIGIN else "bold"
        cells = (".".join(key), _text(masked(key, value)), origin)
        shown.add_row(*(Text(cell) for cell in cells), style=style)
    return shown


def masked(key: Key, value: Any) -> Any:
    """Return the value, or a mask where its name or an address inside it says it is secret."""
    if value is not None and is_secret(key):
        return MASK
    if isinstance(value, str):
        return _SECRET_IN_ADDRESS.sub(f"//{MASK}@", value)
    return value


def _text(value: Any) -> str:
    match value:
        case None:
            return "not set"
        case True | False:
            return str(value).lower()
        case _:
            return str(value)
