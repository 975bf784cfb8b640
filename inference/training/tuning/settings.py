"""How a model is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

_RUNTIME: Final = frozenset({"device", "threads", "checkpoint_s"})


@dataclass(frozen=True, kw_only=True)
class TuningSettings:
    """What of a training can be chosen."""

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

    @property
    def decisive(self) -> Mapping[str, object]:
        """Those that change what comes out."""
        return {name: value for name, value in asdict(self).items() if name not in _RUNTIME}


REPLY_SETTINGS: Final = TuningSettings(
    epochs=8, patience=4, learning_rate=2e-3, batch_tokens=8192, max_tokens=96
)
"""Of a sentence encoder: for pieces' vectors alone; layers want a tenth of this learning rate. A
batch holds the wrong replies: more of them teach more."""
REPLY_TEMPERATURE: Final = 0.05
REPLY_LAYERS: Final = 0
"""Of the exchanges of 9,000 Chinese chats pieces' vectors alone learn the most in little time:
recall@10 among 1,000 was 0.20 after a minute of one core; with all four layers of the bundled
encoder, 0.08 after two."""
