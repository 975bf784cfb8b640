"""Identical texts are computed once, against a real worker process with a toy model."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from inference.client import InferenceClient
from inference.messages import EXPIRED, Lane
from inference.settings import InferenceSettings
from tests.toys.asking import TOY, ask
from tests.toys.hold import Hold
from tests.toys.worker import toy_row
from tests.waiting import passed, until

pytestmark = pytest.mark.timeout(60)


async def seen(client: InferenceClient) -> None:
    """Return when the worker has prepared all that was asked before."""
    await ask(client, "unreadable")


async def test_a_text_that_is_known_is_not_computed(client: InferenceClient) -> None:
    first = await ask(client, "one", "two")
    second = await ask(client, "two", "three", "one", lane=Lane.CHAT)
    assert (first.cached, second.cached) == (0, 2)
    np.testing.assert_array_equal(second.rows, [toy_row(text) for text in ("two", "three", "one")])
    assert second.compute_ms[1] > 0
    assert second.compute_ms[0] == second.compute_ms[2] == 0


async def test_a_text_twice_in_a_request_is_computed_once(client: InferenceClient) -> None:
    texts = [f"text {n % 7}" for n in range(300)]
    answer = await ask(client, *texts)
    assert answer.cached == 300 - 7
    np.testing.assert_array_equal(answer.rows, [toy_row(text) for text in texts])
    assert (answer.queue_ms >= 0).all()


async def test_a_text_on_its_way_is_waited_for(client: InferenceClient, hold: Hold) -> None:
    holding = asyncio.create_task(ask(client, hold.text))
    await hold.entered()
    asking = [asyncio.create_task(ask(client, "same")) for _ in range(3)]
    await seen(client)
    await hold.release()
    assert sorted([(await one).cached for one in asking]) == [0, 1, 1]
    await holding


async def test_a_failure_is_shared_and_not_remembered(client: InferenceClient) -> None:
    answer = await ask(client, "poison", "nan", "poison", "nan", "unreadable", "unreadable", "ok")
    codes = [answer.errors[place].code for place in range(6)]
    assert codes == [*["model_failed", "not_a_number"] * 2, "not_prepared", "not_prepared"]
    again = await ask(client, "nan", "ok")
    assert again.cached == 1


async def test_chat_does_not_follow_a_review(client: InferenceClient, hold: Hold) -> None:
    holding = asyncio.create_task(ask(client, hold.text, lane=Lane.CHAT))
    await hold.entered()
    review = asyncio.create_task(ask(client, "same", lane=Lane.REVIEWS))
    await seen(client)
    chat = asyncio.create_task(ask(client, "same", lane=Lane.CHAT))
    await seen(client)
    await hold.release()
    assert (await chat).cached == 0
    await asyncio.gather(holding, review)


async def test_who_followed_the_cancelled_rides_itself(client: InferenceClient, hold: Hold) -> None:
    holding = asyncio.create_task(ask(client, hold.text))
    await hold.entered()
    asking = []
    for _ in range(4):
        asking.append(asyncio.create_task(ask(client, "same")))
        await seen(client)
    for gone in (1, 0):
        asking[gone].cancel()
    await asyncio.gather(*asking[:2], return_exceptions=True)
    await seen(client)
    await hold.release()
    answers = await asyncio.gather(*asking[2:])
    assert [answer.cached for answer in answers] == [0, 1]
    for answer in answers:
        np.testing.assert_array_equal(answer.rows, [toy_row("same")])
    await holding


async def test_who_followed_the_expired_rides_itself(client: InferenceClient, hold: Hold) -> None:
    holding = asyncio.create_task(ask(client, hold.text))
    await hold.entered()
    asked = client.ask("toy", ["same", "other"], lane=Lane.REVIEWS, within_s=[0.05, 60.0])
    first = asyncio.create_task(asked)
    await seen(client)
    second = asyncio.create_task(ask(client, "same"))
    await seen(client)
    await passed(0.1)
    await hold.release()
    assert (await first).errors == {0: EXPIRED}
    np.testing.assert_array_equal((await second).rows, [toy_row("same")])
    await holding


async def test_what_is_known_is_counted(settings: InferenceSettings) -> None:
    quick = replace(settings, hang_s=2.0)  # and so a sign of life each half of a second
    async with InferenceClient(quick, worker_module=TOY) as client:
        await ask(client, "one", "two", "one")
        await ask(client, "one", lane=Lane.SHADOW)  # counts as nothing
        await until(lambda: client.statistics.cached_rows == 2)
        assert client.statistics.hits == {"toy": 1}
        assert client.statistics.misses == {"toy": 2}
        assert client.statistics.hit_rate("toy") == pytest.approx(1 / 3)
        assert client.statistics.hit_rate("nonsense") == 0
        worked = client.statistics.worked["toy"]
        assert (worked.items, worked.tokens) == (2, 6)
        assert worked.tokens <= worked.padded_tokens <= worked.allowed_tokens
        assert worked.allowed_tokens == 4096 * worked.batches
        assert client.statistics.device_bytes["cpu"] > 0
        assert client.statistics.cached_bytes > 0
        assert client.statistics.batch_tokens == {"toy": 4096}
        assert client.statistics.waiting == dict.fromkeys(
            ["chat", "reviews", "orders", "shadow"], 0
        )


async def test_it_can_be_switched_off(settings: InferenceSettings) -> None:
    async with InferenceClient(replace(settings, cache_bytes=0), worker_module=TOY) as client:
        answer = await ask(client, "same", "same")
        again = await ask(client, "same")
    assert (answer.cached, again.cached) == (0, 0)
