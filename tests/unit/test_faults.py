"""What goes wrong in a batch ends nobody's wait, and no more than it must."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from queue import Queue

import numpy as np
import pytest

from inference.client import InferenceClient
from inference.desk import Done
from inference.frames import Ask
from inference.launch import Finish, batches_ahead
from inference.messages import WORKER_DIED, Answer, Floats, Lane
from inference.runtime import Runtime
from inference.scheduler import Scheduler
from inference.serving import MOST_PREPARERS, preparers
from inference.settings import InferenceSettings
from inference.watch import Step, Watch
from tests.unit.toy_worker import MEMORY, Toy, ToyModel, toy_row
from tests.waiting import until

TOY = "tests.unit.toy_worker"
LIMIT_S = 30
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def settings(tmp_path: Path) -> InferenceSettings:
    return InferenceSettings(
        models={"toy": str(tmp_path)}, batch_tokens=4096, restart_delays_s=(0.0,) * 3
    )


@pytest.fixture
async def client(settings: InferenceSettings) -> AsyncIterator[InferenceClient]:
    async with InferenceClient(settings, worker_module=TOY) as started:
        yield started


async def ask(client: InferenceClient, *texts: str) -> Answer:
    async with asyncio.timeout(LIMIT_S):
        return await client.ask("toy", texts, lane=Lane.REVIEWS)


# -- memory


async def test_what_does_not_fit_together_rides_apart(client: InferenceClient) -> None:
    texts = [f"greedy {n}" for n in range(60)]
    answer = await ask(client, *texts)
    assert not answer.errors
    np.testing.assert_array_equal(answer.rows, [toy_row(text) for text in texts])


async def test_what_does_not_fit_alone_is_said(client: InferenceClient) -> None:
    answer = await ask(client, "fine", "huge", "greedy")
    assert {place: error.code for place, error in answer.errors.items()} == {1: "out_of_memory"}


def test_the_budget_is_lowered_for_that_model_alone() -> None:
    scheduler = Scheduler(batch_tokens=4096, capacity=100)
    run(ToyModel("toy"), [f"greedy {n:02}" for n in range(60)], scheduler)
    assert scheduler.budget("toy#1") <= 2 * MEMORY
    assert scheduler.budget("other#1") == 4096


def test_one_text_that_is_too_large_lowers_no_budget() -> None:
    scheduler = Scheduler(batch_tokens=4096, capacity=100)
    answered = run(ToyModel("toy"), ["huge", *(f"text {n}" for n in range(60))], scheduler)
    assert [place for place, row in answered.items() if row is None] == [0]
    assert scheduler.budget("toy#1") == 256


# -- steps that do not end


@pytest.fixture
async def watched(settings: InferenceSettings) -> AsyncIterator[InferenceClient]:
    async with InferenceClient(replace(settings, hang_s=1.0), worker_module=TOY) as started:
        yield started


async def test_a_batch_that_hangs_is_asked_again(watched: InferenceClient, tmp_path: Path) -> None:
    texts = [f"hang {new_folder(tmp_path, 'once')}", "mate"]
    first = watched.worker_pid
    answer = await ask(watched, *texts)
    assert not answer.errors
    np.testing.assert_array_equal(answer.rows, [toy_row(text) for text in texts])
    assert watched.worker_pid != first


async def test_what_hangs_each_time_is_given_up_alone(watched: InferenceClient) -> None:
    texts = ["one", "stick", "three"]
    answer = await ask(watched, *texts)
    assert answer.errors == {1: WORKER_DIED}
    assert np.isnan(answer.rows[1]).all()
    np.testing.assert_array_equal(answer.rows[[0, 2]], [toy_row("one"), toy_row("three")])
    np.testing.assert_array_equal((await ask(watched, "alive")).rows, [toy_row("alive")])


async def test_who_only_waited_is_not_given_up(watched: InferenceClient, tmp_path: Path) -> None:
    folder = new_folder(tmp_path, "once")
    culprit = asyncio.create_task(ask(watched, f"hang {folder}", "stick"))
    await until(lambda: (Path(folder) / "seen").exists(), LIMIT_S)
    waiting = await ask(watched, "innocent")  # through ends of the worker
    np.testing.assert_array_equal(waiting.rows, [toy_row("innocent")])
    assert (await culprit).errors == {1: WORKER_DIED}


async def test_a_worker_that_is_silent_is_replaced(watched: InferenceClient) -> None:
    first = watched.worker_pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    np.testing.assert_array_equal((await ask(watched, "text")).rows, [toy_row("text")])
    assert watched.worker_pid not in (None, first)


async def test_an_idle_worker_is_not_silent(watched: InferenceClient) -> None:
    first, clock = watched.worker_pid, asyncio.get_running_loop().time
    end = clock() + 2.5  # longer than a silent one is given
    await until(lambda: clock() > end)
    assert watched.worker_pid == first


def new_folder(where: Path, name: str) -> str:
    (where / name).mkdir()
    return str(where / name)


def test_the_watch_names_the_step_that_hangs() -> None:
    now = 0.0
    watch = Watch(clock=lambda: now)
    with watch.over("forward", {(3, 0), (5, 1)}):
        assert watch.hung(1.0) is None
        now = 2.0
        with watch.over("finish", {(4, 0)}):
            assert watch.hung(1.0) == Step(name="forward", items={(3, 0), (5, 1)}, began=0.0)
        with watch.over("measure", patience=3.0):
            now = 4.0
            assert watch.hung(2.5) == Step(name="forward", items={(3, 0), (5, 1)}, began=0.0)
    with watch.over("measure", patience=3.0):
        now = 6.0
        assert watch.hung(1.0) is None
        now = 8.0
        assert watch.hung(1.0) is not None
    assert watch.hung(1.0) is None


# -- devices that work by themselves


class Async(ToyModel):
    """Fails, if it does, when its rows are fetched."""

    def launch(self, batch: Sequence[Toy]) -> Finish:
        return lambda: self.forward(batch)


class Short(ToyModel):
    """Forgets a row."""

    def launch(self, batch: Sequence[Toy]) -> Finish:
        def finish() -> Floats:
            return self.forward(batch)[1:]

        return finish


def test_a_device_that_works_by_itself_is_given_two_batches() -> None:
    assert (batches_ahead(Async("toy")), batches_ahead(ToyModel("toy"))) == (2, 1)


@pytest.mark.parametrize("kind", [Async, ToyModel])
def test_the_one_that_fails_stands_alone(kind: type[ToyModel]) -> None:
    texts = [f"text {n}" for n in range(40)]
    texts[17] = "poison"
    answered = run(kind("toy"), texts)
    errors = {place for place, row in answered.items() if row is None}
    assert errors == {17}
    for place, row in answered.items():
        if row is not None:
            np.testing.assert_array_equal(row, toy_row(texts[place]))


def test_many_threads_prepare_each_text_once() -> None:
    texts = [f"{'x' * (n % 30)} {n}" for n in range(900)]
    answered = run(ToyModel("toy"), texts, preparers=4)
    for place, row in answered.items():
        assert row is not None
        np.testing.assert_array_equal(row, toy_row(texts[place]))


@pytest.mark.parametrize(("devices", "most"), [(["cpu", "cpu"], 1), (["cuda"], MOST_PREPARERS)])
def test_the_cpu_is_for_the_models(devices: list[str], most: int) -> None:
    assert 1 <= preparers(devices) <= most


def test_a_model_that_loses_rows_ends_the_worker() -> None:
    broken: Queue[BaseException] = Queue()
    runtime = Runtime(Scheduler(batch_tokens=64, capacity=100), lambda _: None, broken.put)
    runtime.start()
    ask = Ask(request=1, slot="toy", lane=Lane.CHAT, items=["one", "two"])
    runtime.submit(ask, Short("toy"), "toy#1")
    assert isinstance(broken.get(timeout=LIMIT_S), ValueError)


def run(
    model: ToyModel,
    texts: Sequence[str],
    scheduler: Scheduler | None = None,
    preparers: int = 1,
) -> dict[int, Floats | None]:
    done: Queue[Done] = Queue()
    broken: list[BaseException] = []
    if scheduler is None:
        scheduler = Scheduler(batch_tokens=4096, capacity=1000)
    runtime = Runtime(scheduler, done.put, broken.append, preparers=preparers)
    runtime.allow("toy#1", 256)
    runtime.start()
    runtime.submit(Ask(request=1, slot="toy", lane=Lane.CHAT, items=texts), model, "toy#1")
    answered: dict[int, Floats | None] = {}
    while len(answered) < len(texts):
        one = done.get(timeout=LIMIT_S)
        for at, entry in enumerate(one.entries):
            assert entry.place not in answered
            answered[entry.place] = None if one.rows is None else one.rows[at]
    runtime.stop()
    assert not broken
    return answered
