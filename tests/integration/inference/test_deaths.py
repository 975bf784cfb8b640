"""A worker process that ends: all are answered, and who was only beside it is not blamed."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference import frames
from inference.client import InferenceClient, InferenceSettings
from inference.errors import (
    ModelError,
    WorkerLost,
)
from inference.messages import WORKER_DIED, Lane
from tests.toys.asking import TOY, ask, check
from tests.toys.hold import Hold
from tests.toys.worker import toy_row

DEADLY = "tests.toys.deadly_worker"
pytestmark = pytest.mark.timeout(60)


async def test_answers_come_though_the_worker_is_killed(
    client: InferenceClient, hold: Hold
) -> None:
    first = client.worker_pid
    assert first is not None
    asking = asyncio.gather(ask(client, hold.text), ask(client, "behind", "it", lane=Lane.CHAT))
    await hold.entered()
    os.kill(first, signal.SIGKILL)
    held, behind = await asking
    check(held, [hold.text])
    check(behind, ["behind", "it"])
    assert client.worker_pid not in (None, first)
    assert (client.deaths, client.is_up) == (1, True)
    assert not client.died.done()


async def test_a_text_that_kills_costs_three_workers_and_nobody_else(
    client: InferenceClient,
) -> None:
    texts = [f"text {n}" for n in range(100)]
    texts[37] = "die"
    beside = ["beside", "die", "it"]  # the same text elsewhere ends no more of them
    answer, other = await asyncio.gather(
        ask(client, *texts), ask(client, *beside, lane=Lane.ORDERS)
    )
    assert answer.errors == {37: WORKER_DIED}
    assert other.errors == {1: WORKER_DIED}
    assert np.isnan(answer.rows[37]).all()
    fine = [place for place in range(100) if place != 37]
    np.testing.assert_array_equal(answer.rows[fine], [toy_row(texts[place]) for place in fine])
    assert client.deaths == 3
    check(await ask(client, "alive"), ["alive"])


async def test_several_texts_that_kill_do_not_end_the_client(client: InferenceClient) -> None:
    texts = ["die 1", "fine", "die 2", "die 3"]  # nine ends, and no more than three in vain
    answer = await ask(client, *texts)
    assert answer.errors == {0: WORKER_DIED, 2: WORKER_DIED, 3: WORKER_DIED}
    np.testing.assert_array_equal(answer.rows[1], toy_row("fine"))


async def test_a_lost_device_is_not_the_items_fault(
    client: InferenceClient, tmp_path: Path
) -> None:
    folder = tmp_path / "lose"
    folder.mkdir()
    texts = ["one", f"lose {folder}", "two"]
    first = client.worker_pid
    check(await ask(client, *texts), texts)
    assert client.worker_pid != first


async def test_a_worker_that_cannot_be_revived_ends_the_client(
    client: InferenceClient, settings: InferenceSettings, hold: Hold
) -> None:
    asking = asyncio.create_task(ask(client, hold.text))
    await hold.entered()
    remove(settings.models["toy"])
    assert client.worker_pid is not None
    os.kill(client.worker_pid, signal.SIGKILL)
    with pytest.raises(WorkerLost, match="gone for good: there is no model"):
        await asking
    with pytest.raises(ModelError, match="there is no model"):
        await client.died
    with pytest.raises(WorkerLost):
        await ask(client, "later")


async def test_who_was_beside_the_culprit_is_no_culprit(settings: InferenceSettings) -> None:
    texts = ["die", "innocent", "die too", "also innocent", "no room yet"]
    impatient = replace(settings, restart_delays_s=(0.0,) * 2, queue_items=4)
    async with InferenceClient(impatient, worker_module=TOY) as client:
        answers = await asyncio.gather(*(ask(client, text) for text in texts))
        for text, answer in zip(texts, answers, strict=True):
            assert answer.errors == ({0: WORKER_DIED} if text.startswith("die") else {})


async def test_nobody_is_blamed_when_the_worker_is_lost(settings: InferenceSettings) -> None:
    hopeless = replace(settings, restart_delays_s=(0.0,) * 4, queue_items=4)
    async with InferenceClient(hopeless, worker_module=DEADLY) as client:
        asking = [asyncio.create_task(ask(client, f"text {n}")) for n in range(5)]
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(error) for error in ended] == [WorkerLost] * 5
        with pytest.raises(WorkerLost, match="again and again"):
            await client.died
        with pytest.raises(WorkerLost):
            await ask(client, "later")


async def test_a_defect_of_the_client_is_no_requests_fault(
    client: InferenceClient, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(frames, "read_answer", defect)
    with pytest.raises(WorkerLost, match="ZeroDivisionError"):
        await ask(client, "any")


def remove(folder: str) -> None:
    Path(folder).rmdir()
