"""Where a model is trained, and bfloat16 where that has instructions for it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

import torch

from inference.device import choose_device
from inference.processor import read_processor
from inference.training.tuning.settings import TuningSettings


def prepare_device(settings: TuningSettings) -> torch.device:
    """Return the device, told to give one result for one seed; raises `ModelError`."""
    # Read by cuBLAS when it starts: without it, sums come in any order.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = torch.device(choose_device(settings.device))
    if settings.threads:
        torch.set_num_threads(settings.threads)
    if device.type == "cuda":
        torch.use_deterministic_algorithms(True, warn_only=True)
    return device


def uses_bfloat16(settings: TuningSettings, device: torch.device) -> bool:
    """Return whether products are computed in bfloat16; weights stay in float32."""
    if settings.dtype != "auto":
        return settings.dtype == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return read_processor().bfloat16 is not None


def autocast(device: torch.device, *, enabled: bool) -> AbstractContextManager[Any]:
    """Return the context of a forward pass."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
