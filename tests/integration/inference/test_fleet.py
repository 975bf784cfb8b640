"""Several workers: each call goes to the one with the least to do, and models change in all."""

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
from inference.errors import ModelError, WorkerLost
from inference.fleet import Fleet
from inference.messages import Lane, ModelInfo
from inference.settings import InferenceSettings
from tests.toys.asking import TOY
from tests.toys.hold import Hold
from tests.toys.worker import toy_row
from tests.waiting import until

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def toys(tmp_path: Path) -> InferenceSettings:
    folder = tmp_path / "toy"
    folder.mkdir()
    return InferenceSettings(models={"toy": str(folder)}, workers=2, restart_delays_s=())


@pytest.fixture
async def fleet(toys: InferenceSettings) -> AsyncIterator[Fleet]:
    async with Fleet(toys, worker_module=TOY) as started:
        yield started


async def test_a_busy_worker_is_passed_by(fleet: Fleet, tmp_path: Path) -> None:
    hold = Hold(tmp_path / "hold")
    held = asyncio.create_task(fleet.ask("toy", [hold.text], lane=Lane.REVIEWS))
    await hold.entered()  # the first worker is at it
    texts = ["a", "bc", "def"]
    answer = await fleet.ask("toy", texts, lane=Lane.REVIEWS)
    np.testing.assert_array_equal(answer.rows, [toy_row(text) for text in texts])
    assert not held.done()
    await hold.release()
    assert not (await held).errors


async def test_models_change_in_every_worker(fleet: Fleet, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mark").write_text("2")
    await fleet.load("toy", str(other))
    await fleet.swap("toy")
    assert fleet.models["toy"].name == "other"
    answers = await asyncio.gather(
        *(fleet.ask("toy", ["text"], lane=Lane.REVIEWS) for _ in range(6))
    )
    assert {answer.model.name for answer in answers} == {"other"}


async def test_a_model_that_one_worker_does_not_take_over_is_used_in_none(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mark").write_text("2")
    swap, swapped = InferenceClient.swap, 0

    async def second_fails(
        client: InferenceClient, slot: str, source: str | None = None
    ) -> ModelInfo:
        nonlocal swapped
        swapped += 1
        if swapped == 2:
            raise ModelError("it ended before it could")
        return await swap(client, slot, source)

    monkeypatch.setattr(InferenceClient, "swap", second_fails)
    await fleet.load("toy", str(other))
    with pytest.raises(ModelError, match="ended before"):
        await fleet.swap("toy")
    assert not fleet.loaded
    answers = await asyncio.gather(
        *(fleet.ask("toy", ["text"], lane=Lane.REVIEWS) for _ in range(6))
    )
    assert {answer.model.name for answer in answers} == {"toy"}


async def test_a_model_that_one_worker_cannot_give_back_is_given_back_in_the_others(
    toys: InferenceSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mark").write_text("2")

    async with Fleet(replace(toys, workers=3), worker_module=TOY) as fleet:
        swap, (first, _, last) = InferenceClient.swap, fleet._clients

        async def swap_or_not(
            client: InferenceClient, slot: str, source: str | None = None
        ) -> ModelInfo:
            if client is last:
                raise ModelError("it ended before it could")
            if client is first and source is not None:
                raise ModelError("its folder is gone")
            return await swap(client, slot, source)

        monkeypatch.setattr(InferenceClient, "swap", swap_or_not)
        await fleet.load("toy", str(other))
        with pytest.raises(ModelError, match=r"it could; and .*folder is gone.*two models answer"):
            await fleet.swap("toy")
        assert [one.models["toy"].name for one in fleet._clients] == ["other", "toy", "toy"]
        monkeypatch.undo()
        await fleet.load("toy", str(other))  # the way out that the message names
        await fleet.swap("toy")
        assert {one.models["toy"].name for one in fleet._clients} == {"other"}


async def test_a_model_beside_the_one_in_use_is_asked_for_itself(
    fleet: Fleet, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "mark").write_text("2")
    await fleet.load("toy", str(other))
    assert fleet.loaded["toy"].name == "other"
    answer = await fleet.ask_loaded("toy", ["text"], lane=Lane.SHADOW)
    assert answer.model.name == "other"
    await fleet.drop("toy")
    assert not fleet.loaded


async def test_a_model_that_one_worker_cannot_load_is_in_none(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()

    async def refuse(slot: str, source: str) -> ModelInfo:
        raise ModelError("no memory left on this device")

    monkeypatch.setattr(fleet._clients[1], "load", refuse)
    with pytest.raises(ModelError, match="no memory left"):
        await fleet.load("toy", str(other))
    assert fleet.loaded == fleet._clients[0].loaded == {}


async def test_a_model_that_one_worker_lost_stands_in_none(
    toys: InferenceSettings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with Fleet(replace(toys, restart_delays_s=(0.0,) * 3), worker_module=TOY) as fleet:
        await fleet.load("toy", str(other))
        pid = fleet.worker_pids[1]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: fleet.deaths == 1 and fleet.is_up)
        await until(lambda: not fleet._clients[0].loaded)
        assert not fleet.loaded
        await fleet.load("toy", str(other))  # and can be loaded again
        assert fleet.loaded["toy"].name == "other"


async def test_the_workers_statistics_are_added_up(fleet: Fleet) -> None:
    await asyncio.gather(
        *(fleet.ask("toy", [f"text {number}"], lane=Lane.REVIEWS) for number in range(6))
    )
    await until(lambda: fleet.statistics.misses.get("toy", 0) >= 6)


async def test_a_worker_that_is_gone_for_good_ends_the_fleet(fleet: Fleet) -> None:
    pid = fleet.worker_pids[1]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerLost):
        await asyncio.wait_for(fleet.died, 20)


async def test_a_model_that_does_not_load_starts_no_fleet(toys: InferenceSettings) -> None:
    toys = InferenceSettings(models={"toy": "/no/where"}, workers=2)
    with pytest.raises(ModelError):
        async with Fleet(toys, worker_module=TOY):
            pass
