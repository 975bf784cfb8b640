"""Where the models run, and with how many threads."""

from __future__ import annotations

import os


def choose_device(wanted: str) -> str:
    """Return `cpu` or `cuda` for `auto`, `cpu` or `cuda`."""
    import torch

    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def choose_threads(wanted: int) -> int:
    """Return the torch threads on the CPU: all cores that this process may use, unless told."""
    return wanted or len(os.sched_getaffinity(0))
