"""A model that computes in 8 bits wherever it runs on a processor.

No format of ours: the weights on disk have 16 bits, and the loader takes 8 of them, as it does
where `inference.dtype` says int8. What is new is that the folder itself says so, so that every
worker has the scores that were measured here, whatever its own trials would choose.
"""

from __future__ import annotations

import numpy as np

from inference.compression.comparing import Standing
from inference.compression.folder import Parts
from inference.errors import ModelError
from inference.models.loading import INFERENCE_DTYPE
from inference.models.precision import INT8

PERCENT = 100
_LARGEST = float(np.finfo(np.float16).max)


def store_for_int8(parts: Parts) -> None:
    """Let a model be computed in 8 bits, its weights be stored in 16. Changes `parts`."""
    parts.config[INFERENCE_DTYPE] = INT8
    for name, tensor in parts.tensors.items():
        if tensor.dtype == np.float32 and np.abs(tensor).max(initial=0.0) <= _LARGEST:
            parts.tensors[name] = tensor.astype(np.float16)


def require_quality(before: Standing, after: Standing, most_lost: float) -> None:
    """Raise `ModelError` where macro-F1 fell by more than `most_lost` points of a hundred."""
    lost = PERCENT * (before.macro_f1 - after.macro_f1)
    if lost > most_lost:
        raise ModelError(
            f"macro-F1 falls by {lost:.2f} points in 8 bits, more than {most_lost:g}: nothing was "
            "written"
        )
