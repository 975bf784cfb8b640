"""Load on a worker: a flood of reviews, and customers who write now and then."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.client import InferenceClient
from inference.errors import InferenceError
from inference.messages import Answer, Lane
from tests.benchmarks.shapes import SLOT
from tests.benchmarks.texts import SEED

CHUNK: Final = 128
"""Reviews in one request, as the stream side has them in a chunk."""
MILLISECONDS: Final = 1000.0


@dataclass(frozen=True, kw_only=True)
class Flood:
    """What became of a flood."""

    rate: float  # reviews a second
    batch_ms: float  # median over the reviews of how long the batch took that each rode in
    failed: int


@dataclass(frozen=True, kw_only=True)
class Message:
    """One chat message that was answered, or was not."""

    sent: float  # of this process's monotonic clock
    took_ms: float  # from when it was due
    failed: bool


async def flood(client: InferenceClient, texts: Sequence[str]) -> Flood:
    """Ask for all texts at once."""
    began = time.perf_counter()
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    answers = await asyncio.gather(*(_ask(client, chunk, Lane.REVIEWS) for chunk in chunks))
    taken = time.perf_counter() - began
    computed = [one.compute_ms for one in answers if one is not None]
    return Flood(
        rate=len(texts) / taken,
        batch_ms=float(np.median(np.concatenate(computed))) if computed else 0.0,
        failed=sum(
            _failed(answer, len(chunk)) for answer, chunk in zip(answers, chunks, strict=True)
        ),
    )


async def chat(
    client: InferenceClient, texts: Sequence[str], rate: float, over: asyncio.Event
) -> list[Message]:
    """Send messages at random times, so many a second on average, until it is over.

    A message counts from when it was due: what delays this process counts too.
    """
    times = random.Random(SEED)
    due = time.perf_counter()
    sending = []
    for text in itertools.cycle(texts):
        due += times.expovariate(rate)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, due - time.perf_counter())):
                await over.wait()
        if over.is_set():
            break
        sending.append(asyncio.create_task(_say(client, text, due)))
    return list(await asyncio.gather(*sending))


async def chat_alone(
    client: InferenceClient, texts: Sequence[str], rate: float, seconds: float
) -> list[Message]:
    """Send messages for some time."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    return await chat(client, texts, rate, over)


async def chat_and_flood(
    client: InferenceClient, chats: Sequence[str], rate: float, reviews: Sequence[str]
) -> tuple[list[Message], Flood]:
    """Send messages for as long as a flood takes."""
    over = asyncio.Event()
    chatting = asyncio.create_task(chat(client, chats, rate, over))
    flooded = await flood(client, reviews)
    over.set()
    return await chatting, flooded


async def _say(client: InferenceClient, text: str, due: float) -> Message:
    answer = await _ask(client, [text], Lane.CHAT)
    took_ms = (time.perf_counter() - due) * MILLISECONDS
    return Message(sent=due, took_ms=took_ms, failed=bool(_failed(answer, 1)))


async def _ask(client: InferenceClient, texts: Sequence[str], lane: Lane) -> Answer | None:
    try:
        return await client.ask(SLOT, texts, lane=lane)
    except InferenceError:
        return None


def _failed(answer: Answer | None, count: int) -> int:
    if answer is None:
        return count
    return count - int(np.isfinite(answer.rows).all(axis=1).sum())
