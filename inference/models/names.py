"""How a configuration names a model, and what can be no name of one."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Final

from inference.errors import ModelError

BUNDLED: Final = "bundled"
_ALIKE: Final = 0.75
"""How much like `bundled` a word is that was meant to be it; names of the hub's are less so."""


def check_name(slot: str, name: str) -> None:
    """Raise `ModelError` for a name that was meant to be `bundled` and would be asked of the hub.

    A folder of that name is one.
    """
    if name == BUNDLED or Path(name).expanduser().is_dir():
        return
    owner, slash, _ = name.partition("/")
    is_alike = difflib.SequenceMatcher(None, owner.lower(), BUNDLED).ratio() >= _ALIKE
    if is_alike and (not slash or owner.lower() == BUNDLED):
        raise ModelError(f"there is no model {name!r} for {slot}: did you mean {BUNDLED!r}?")
