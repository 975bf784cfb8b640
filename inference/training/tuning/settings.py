"""How a model is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TuningSettings:
    """What of a training can be chosen; all but the last three change what comes out."""

    epochs: int = 4  # at most; see `patience`
    patience: int = 2  # epochs without a better figure after which it ends
    learning_rate: float = 5e-5  # at its highest
    warm_up: float = 0.06  # share of the steps in which it rises; then it falls to 0
    weight_decay: float = 0.01  # of matrices
    clip: float = 1.0  # largest norm of a gradient
    label_smoothing: float = 0.0
    batch_tokens: int = 2048  # padded tokens in a batch
    max_tokens: int = 128  # of a text; more are cut off; a model's own limit may be lower
    seed: int = 17
    dtype: str = "auto"  # auto, fp32 or bf16
    device: str = "auto"  # auto, cpu or cuda
    threads: int = 0  # of the CPU; 0 is torch's own choice
    checkpoint_s: float = 60.0  # seconds between two checkpoints; each epoch ends with one
