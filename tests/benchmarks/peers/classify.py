"""A `transformers.pipeline`, as whoever has a folder with a classifier calls it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks.peers.options import Options

Scores = list[tuple[str, float]]
Classify = Callable[[Sequence[str]], list[Scores]]


def create(options: Options) -> Classify:
    """Return what labels texts: as shipped, or in the dtype and batches that were fastest."""
    import torch
    from transformers import pipeline
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    loading: dict[str, Any] = {}
    calling: dict[str, Any] = {}
    if options.tuned:
        torch.set_num_threads(options.threads)
        dtype = torch.bfloat16 if options.dtype == "bfloat16" else torch.float32
        loading = {"dtype": dtype, "device": options.device}
        calling = {"batch_size": options.batch}
    ask: Any = pipeline("text-classification", model=options.model, **loading)
    if options.dtype == "int8":
        quantize: Any = torch.ao.quantization.quantize_dynamic
        ask.model = quantize(ask.model, {torch.nn.Linear})

    def classify(texts: Sequence[str]) -> list[Scores]:
        rows = ask(list(texts), top_k=None, truncation=True, **calling)
        return [[(one["label"], one["score"]) for one in row] for row in rows]

    return classify
