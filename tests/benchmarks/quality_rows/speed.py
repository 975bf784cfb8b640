"""Sequences a second of the sentiment model, 48 tokens each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from inference.models.base import Encoded, Model, forward
from inference.training import readers
from tests.benchmarks.quality_rows.bundled import bundled
from tests.benchmarks.quality_rows.figures import Figure, Row

TOKENS: Final = 48
BATCH: Final = 32
SEQUENCES: Final = 512
ROUNDS: Final = 5
MUST: Final = 200.0
DTYPES: Final = ("fp32", "int8")


def speed(data: Path) -> Iterator[Row]:
    """Yield the rate in each precision, by the clock, with all threads that torch takes.

    The interval is the least and the most of the rounds.
    """
    long_enough = [one.text for one in readers.online_shopping(data) if len(one.text) > 4 * TOKENS]
    for dtype in DTYPES:
        model = bundled("sentiment", max_tokens=TOKENS, dtype=dtype)
        yield Row(
            set=f"speed {dtype}",
            metric="sequences/s",
            n=SEQUENCES,
            model=None if model is None else _rate(model, long_enough[:SEQUENCES]),
            floor=None,
            must=MUST,
            aim=MUST,
            note=f"{TOKENS} tokens, batches of {BATCH}",
        )


def _rate(model: Model, texts: list[str]) -> Figure:
    encoded = model.prepare(texts)
    whole = [one for one in encoded if one.length == TOKENS]
    _pass(model, whole)
    rates = [round(len(whole) / _pass(model, whole), 1) for _ in range(ROUNDS)]
    return Figure(value=float(np.median(rates)), low=min(rates), high=max(rates))


def _pass(model: Model, encoded: list[Encoded]) -> float:
    began = time.perf_counter()
    for start in range(0, len(encoded), BATCH):
        forward(model, encoded[start : start + BATCH])
    return time.perf_counter() - began
