"""What the worker is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CHARACTERS_A_TOKEN = 12
"""More than a token of any language has on average: a text is cut here before it is tokenised, so
that one of a million characters costs no more than a long one."""


@dataclass(frozen=True, kw_only=True)
class InferenceSettings:
    """What the worker is started with."""

    models: Mapping[str, str]  # slot to `bundled`, a folder or a Hugging Face name
    device: str = "auto"  # auto, cpu or cuda
    dtype: str = "auto"  # auto, fp32, bf16 or int8
    threads: int = 0  # of the CPU; 0 takes all cores but one
    workers: int = 1  # that share the work: one a GPU, or on the CPU one a share of its cores
    worker: int = 0  # which of them this is
    batch_tokens: int = 0  # padded tokens in a batch; 0: as many as take `batch_ms`, by measuring
    batch_ms: float = 50.0  # what batches on the device may take: a chat waits so long for them
    queue_items: int = 20_000  # items of a lane that wait in the worker; more wait in the client
    cache_bytes: int = 64 * 1024 * 1024  # rows of texts that were computed; 0 computes each anew
    hang_s: float = 30.0  # a step of the worker that takes longer will not end: it starts again
    max_tokens: int = 512  # of one text; a model's own limit may be lower
    start_timeout_s: float = 120.0  # until the models must be loaded and warm
    restart_delays_s: tuple[float, ...] = (0.0, 1.0, 5.0, 15.0, 30.0)  # between starts in vain

    @property
    def max_characters(self) -> int:
        """Characters of a text that can matter to a model."""
        return self.max_tokens * CHARACTERS_A_TOKEN
