"""What goes wrong in a batch ends nobody's wait: no memory, steps that do not end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.client import InferenceClient
from inference.messages import WORKER_DIED
from inference.settings import InferenceSettings
from tests.toys.asking import LIMIT_S, TOY, ask, check
from tests.toys.worker import toy_row
from tests.waiting import passed, until

pytestmark = pytest.mark.timeout(60)


async def test_what_does_not_fit_together_rides_apart(client: InferenceClient) -> None:
    texts = [f"greedy {n}" for n in range(60)]
    answer = await ask(client, *texts)
    check(answer, texts)


async def test_what_does_not_fit_alone_is_said(client: InferenceClient) -> None:
    answer = await ask(client, "fine", "huge", "greedy")
    assert {place: error.code for place, error in answer.errors.items()} == {1: "out_of_memory"}


@pytest.fixture
async def watched(settings: InferenceSettings) -> AsyncIterator[InferenceClient]:
    async with InferenceClient(replace(settings, hang_s=1.0), worker_module=TOY) as started:
        yield started


async def test_a_batch_that_hangs_is_asked_again(watched: InferenceClient, tmp_path: Path) -> None:
    texts = [f"hang {new_folder(tmp_path, 'once')}", "mate"]
    first = watched.worker_pid
    answer = await ask(watched, *texts)
    check(answer, texts)
    assert watched.worker_pid != first


async def test_what_hangs_each_time_is_given_up_alone(watched: InferenceClient) -> None:
    texts = ["one", "stick", "three"]
    answer = await ask(watched, *texts)
    assert answer.errors == {1: WORKER_DIED}
    assert np.isnan(answer.rows[1]).all()
    np.testing.assert_array_equal(answer.rows[[0, 2]], [toy_row("one"), toy_row("three")])
    check(await ask(watched, "alive"), ["alive"])


async def test_who_only_waited_is_not_given_up(watched: InferenceClient, tmp_path: Path) -> None:
    folder = new_folder(tmp_path, "once")
    culprit = asyncio.create_task(ask(watched, f"hang {folder}", "stick"))
    await until(lambda: (Path(folder) / "seen").exists(), LIMIT_S)
    check(await ask(watched, "innocent"), ["innocent"])  # through ends of the worker
    assert (await culprit).errors == {1: WORKER_DIED}


async def test_a_worker_that_is_silent_is_replaced(watched: InferenceClient) -> None:
    first = watched.worker_pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    check(await ask(watched, "text"), ["text"])
    assert watched.worker_pid not in (None, first)


async def test_an_idle_worker_is_not_silent(watched: InferenceClient) -> None:
    first = watched.worker_pid
    await passed(2.5)  # longer than a silent one is given
    assert watched.worker_pid == first


def new_folder(where: Path, name: str) -> str:
    (where / name).mkdir()
    return str(where / name)
