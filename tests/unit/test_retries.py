"""Trying again: only what heals, after growing delays that are never quite the same."""

from __future__ import annotations

import asyncio

import pytest

from inference.errors import QueueFull, WorkerLost
from streams.errors import CommitError, CommitFenced, PublishError
from streams.policy import FIRST_DELAY_S, MAX_DELAY_S
from streams.retries import again


class Flaky:
    """Fails with each of its errors, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    delays: list[float] = []

    async def sleep(delay_s: float) -> None:
        delays.append(delay_s)

    monkeypatch.setattr("streams.retries.asyncio.sleep", sleep)
    return delays


async def test_what_heals_is_tried_until_it_does(slept: list[float]) -> None:
    flaky = Flaky(PublishError("no answer"), QueueFull("full"), CommitError("no answer"))
    assert await again(flaky, "test") == "answer"
    for attempt, delay_s in enumerate(slept):
        longest = FIRST_DELAY_S * 2**attempt
        assert longest / 2 <= delay_s <= longest


async def test_no_delay_grows_beyond_the_longest(slept: list[float]) -> None:
    await again(Flaky(*[PublishError("no answer")] * 50), "test")
    assert len(slept) == 50
    assert max(slept) <= MAX_DELAY_S


@pytest.mark.parametrize(
    "error", [CommitFenced("another's"), WorkerLost("gone"), ZeroDivisionError()]
)
async def test_what_does_not_heal_is_raised_at_once(error: Exception, slept: list[float]) -> None:
    with pytest.raises(type(error)):
        await again(Flaky(error), "test")
    assert slept == []


async def test_a_retry_ends_when_it_is_cancelled() -> None:
    waiting = asyncio.create_task(again(Flaky(*[PublishError("no answer")] * 1000), "test"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
