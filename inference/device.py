"""Where the models run, and with how many threads."""

from __future__ import annotations

import os

from inference.errors import ModelError


def choose_device(wanted: str) -> str:
    """Return torch's name of the device for `auto`, `cpu` or `cuda`; raises `ModelError`."""
    import torch

    has_cuda = torch.cuda.is_available()
    if wanted == "auto":
        return "cuda" if has_cuda else "cpu"
    if wanted.startswith("cuda") and not has_cuda:
        raise ModelError("the device is to be cuda, and torch finds none here: use auto or cpu")
    return wanted


def choose_threads(wanted: int) -> int:
    """Return the torch threads on the CPU: all cores that this process may use, unless told."""
    return wanted or len(os.sched_getaffinity(0))
