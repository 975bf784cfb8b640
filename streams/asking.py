"""Asking a model for a chunk: again while that helps, apart when one record is the cause."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import numpy as np
import structlog

from inference.client import Inference
from inference.messages import Answer, Item, ItemError
from inference.tasks.registry import TaskSpec
from streams import policy

log = structlog.get_logger(__name__)

T = TypeVar("T")

ENDS_THE_WORKER = ItemError(
    code="worker_died", reason="the inference worker ended each time it was asked this"
)


async def ask(inference: Inference, spec: TaskSpec, items: Sequence[Item]) -> Answer:
    """Return an answer for every item; raises what is a defect of ours.

    Items that end the worker are halved until the one that does stands alone: it is answered
    with an error, the others with their rows.
    """
    try:
        return await again(lambda: inference.ask(spec.slot, items, lane=spec.lane), spec.name)
    except Exception as error:
        if not isinstance(policy.decide(error), policy.Apart):
            raise
    if len(items) == 1:
        return _failed(inference, spec)
    middle = len(items) // 2
    first = await ask(inference, spec, items[:middle])
    return _joined(first, await ask(inference, spec, items[middle:]))


async def again(call: Callable[[], Awaitable[T]], task: str) -> T:
    """Return what `call` returns, called again with growing delays while the policy says so."""
    attempt = 0
    while True:
        try:
            return await call()
        except Exception as error:
            decision = policy.decide(error, attempt)
            if not isinstance(decision, policy.Again):
                raise
            log.warning(
                "will try again",
                action="retry",
                task=task,
                attempt=attempt + 1,
                delay_s=decision.delay_s,
                error=str(error),
            )
        await asyncio.sleep(decision.delay_s)
        attempt += 1


def _failed(inference: Inference, spec: TaskSpec) -> Answer:
    model = inference.models[spec.slot]
    nothing = np.zeros(1, dtype=np.float32)
    return Answer(
        rows=np.full((1, model.width), np.nan, dtype=np.float32),
        errors={0: ENDS_THE_WORKER},
        queue_ms=nothing,
        compute_ms=nothing,
        model=model,
    )


def _joined(first: Answer, second: Answer) -> Answer:
    shift = len(first.rows)
    return Answer(
        rows=np.concatenate([first.rows, second.rows]),
        errors={**first.errors, **{shift + at: error for at, error in second.errors.items()}},
        queue_ms=np.concatenate([first.queue_ms, second.queue_ms]),
        compute_ms=np.concatenate([first.compute_ms, second.compute_ms]),
        model=second.model,
    )
