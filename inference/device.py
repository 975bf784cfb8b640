"""Where the models run, and with how many threads."""

from __future__ import annotations

from inference.errors import ModelError
from inference.processor import usable_cores


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
    """Return the torch threads on the CPU: what is told, or all cores but one.

    The stream process needs a core. Where it has none, torch's threads wait for each other at
    every layer: with two threads on two busy cores the same reviews took three times as long as
    with one.
    """
    return wanted or max(1, usable_cores() - 1)
