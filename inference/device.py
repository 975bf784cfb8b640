"""Where the models run, and with how many threads."""

from __future__ import annotations

import os
from pathlib import Path

from inference.errors import ModelError
from inference.processor import usable_cores


def choose_device(wanted: str, worker: int = 0) -> str:
    """Return torch's name of a worker's device for `auto`, `cpu` or `cuda`; raises `ModelError`."""
    import torch

    has_cuda = torch.cuda.is_available()
    if wanted == "cpu" or (wanted == "auto" and not has_cuda):
        return "cpu"
    if not has_cuda:
        raise ModelError("the device is to be cuda, and torch finds none here: use auto or cpu")
    devices = torch.cuda.device_count()
    if worker >= devices:
        raise ModelError(f"worker {worker + 1} has no GPU: torch finds {devices} here")
    return f"cuda:{worker}" if worker else "cuda"


def memory_held(device: str) -> int:
    """Return the bytes that this process holds of a device's memory; on the CPU all that it has."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.memory_reserved(device))
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def choose_threads(wanted: int, workers: int = 1) -> int:
    """Return a worker's torch threads on the CPU: what is told, or its share of all cores but one.

    The stream process needs a core. Where it has none, torch's threads wait for each other at
    every layer: with two threads on two busy cores the same reviews took three times as long as
    with one.
    """
    return wanted or max(1, (usable_cores() - 1) // workers)
