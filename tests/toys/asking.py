"""Asking a worker process that has the toy model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference.client import InferenceClient
from inference.messages import Answer, Lane
from inference.settings import InferenceSettings
from tests.toys.worker import toy_row

TOY = "tests.toys.worker"
LIMIT_S = 30


def toy_settings(model: Path) -> InferenceSettings:
    """Return settings of a worker that may end three times, at once started anew."""
    return InferenceSettings(
        models={"toy": str(model)}, batch_tokens=4096, restart_delays_s=(0.0,) * 3
    )


async def ask(
    client: InferenceClient,
    *texts: str,
    lane: Lane = Lane.REVIEWS,
    within_s: Sequence[float] | None = None,
) -> Answer:
    """Return the answer; raises `TimeoutError` if none comes."""
    async with asyncio.timeout(LIMIT_S):
        return await client.ask("toy", texts, lane=lane, within_s=within_s)


def check(answer: Answer, texts: Sequence[str]) -> None:
    """Fail unless each text has the row that the toy model gives it alone."""
    assert not answer.errors
    np.testing.assert_array_equal(answer.rows, [toy_row(text) for text in texts])
