"""Libraries of the extra `train`, which a worker does without."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from inference.errors import ModelError


def needed(module: str, what: str) -> Any:
    """Return the module; raises `ModelError` that says how to install it where it is not there."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ModelError(
            f"{what} needs {module.split('.')[0]}: install it with pip install 'shopstreams[train]'"
        ) from error
