"""What goes wrong in a batch costs no more than it must."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Queue

import numpy as np
import pytest

from inference.desk import Done
from inference.frames import Ask
from inference.launch import Finish, batches_ahead
from inference.messages import Floats, Lane
from inference.runtime import Runtime
from inference.scheduler import Scheduler
from inference.serving import MOST_PREPARERS, preparers
from inference.watch import Step, Watch
from tests.toys.worker import MEMORY, Toy, ToyModel, toy_row

LIMIT_S = 30
pytestmark = pytest.mark.timeout(60)


# -- memory


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


# -- a step that does not end


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
