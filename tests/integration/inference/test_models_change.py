"""Models that come and go, against a real worker process with toy models."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from inference import pieces
from inference.client import InferenceClient
from inference.errors import ModelError, UnknownSlot
from inference.messages import Answer, Lane
from inference.settings import InferenceSettings
from inference.shadow import Agreement, Shadow
from tests.toys.asking import LIMIT_S, TOY, ask, toy_settings
from tests.waiting import until

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def settings(tmp_path: Path) -> InferenceSettings:
    return toy_settings(Path(folder(tmp_path, 1)))


def folder(where: Path, mark: int) -> str:
    path = where / f"model-{mark}"
    path.mkdir()
    (path / "mark").write_text(str(mark))
    return str(path)


def mark_of(answer: Answer) -> int:
    """Return which model answered, as its rows and as its description say."""
    assert not answer.errors
    (mark,) = {int(row[-1]) for row in answer.rows}
    assert answer.model.name == f"model-{mark}"
    return mark


async def test_there_and_back(client: InferenceClient, tmp_path: Path) -> None:
    first = folder(tmp_path, 2)
    assert mark_of(await ask(client, "text")) == 1
    info = await client.swap("toy", first)
    assert client.models["toy"] == info
    assert info.batch_tokens == 4096
    assert mark_of(await ask(client, "text")) == 2  # though the other knows the text
    await client.swap("toy", str(tmp_path / "model-1"))
    assert mark_of(await ask(client, "text")) == 1


async def test_what_is_loaded_can_be_dropped(client: InferenceClient, tmp_path: Path) -> None:
    info = await client.load("toy", folder(tmp_path, 2))
    assert client.loaded == {"toy": info}
    assert (await client.drop("toy")).name == "model-1"
    assert client.loaded == {}
    with pytest.raises(ModelError, match="load one first"):
        await client.swap("toy")
    assert mark_of(await ask(client, "text")) == 1


async def test_a_model_that_does_not_get_ready_is_given_up(
    settings: InferenceSettings, tmp_path: Path
) -> None:
    slow, good = folder(tmp_path, 2), folder(tmp_path, 3)
    os.mkfifo(Path(slow) / "gate")
    hasty = replace(settings, start_timeout_s=3.0)
    async with InferenceClient(hasty, worker_module=TOY) as client:
        with pytest.raises(ModelError, match="was not ready in 3 s"):
            await client.swap("toy", slow)
        assert mark_of(await ask(client, "text")) == 1
        await client.swap("toy", good)  # what hangs keeps no other from loading
        assert mark_of(await ask(client, "text")) == 3


async def test_a_loaded_model_waits_for_its_swap(client: InferenceClient, tmp_path: Path) -> None:
    info = await client.load("toy", folder(tmp_path, 2))
    assert mark_of(await ask(client, "text")) == 1
    assert await client.swap("toy") == info
    assert mark_of(await ask(client, "text")) == 2


async def test_a_loaded_model_can_be_asked(client: InferenceClient, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="load one first"):
        await client.ask_loaded("toy", ["text"], lane=Lane.SHADOW)
    await client.load("toy", folder(tmp_path, 2))
    assert mark_of(await client.ask_loaded("toy", ["text"], lane=Lane.SHADOW)) == 2
    assert mark_of(await ask(client, "text")) == 1
    await client.swap("toy")
    with pytest.raises(ModelError, match="load one first"):
        await client.ask_loaded("toy", ["text"], lane=Lane.SHADOW)


async def test_a_shadow_compares_and_is_not_waited_for(
    client: InferenceClient, tmp_path: Path
) -> None:
    reports: list[Agreement] = []
    shadow = Shadow(client, reports.append)
    shadow.compare("toy", 1.0)
    assert not (await shadow.ask("toy", ["before", "it"], lane=Lane.CHAT)).errors  # missed
    await client.load("toy", folder(tmp_path, 2))
    await until(lambda: not shadow.compares("toy"))  # without a candidate there is nothing to do
    shadow.compare("toy", 1.0)
    answer = await shadow.ask("toy", ["one", "poison", "three"], lane=Lane.CHAT)
    assert list(answer.errors) == [1]
    await until(lambda: reports)
    (report,) = reports
    assert (report.in_use.name, report.candidate.name) == ("model-1", "model-2")
    assert report.pairs == {("b", "b"): 2}
    assert (report.items, report.difference, report.largest) == (2, 2.0, 1.0)
    await shadow.stop()


async def test_no_share_no_shadow(client: InferenceClient) -> None:
    shadow = Shadow(client, lambda _: pytest.fail("nothing was to be compared"))
    shadow.compare("toy", 1.0)
    shadow.compare("toy", 0.0)
    assert shadow.models == client.models
    await shadow.ask("toy", ["text"], lane=Lane.CHAT)
    await shadow.stop()


async def test_what_is_wrong_changes_nothing(client: InferenceClient) -> None:
    with pytest.raises(ModelError, match="there is no model nowhere"):
        await client.swap("toy", "/nowhere")
    with pytest.raises(ModelError, match="load one first"):
        await client.swap("toy")
    with pytest.raises(UnknownSlot, match="nonsense"):
        await client.swap("nonsense", "/nowhere")
    assert mark_of(await ask(client, "text")) == 1


async def test_requests_are_answered_while_a_model_loads(
    client: InferenceClient, tmp_path: Path
) -> None:
    second = folder(tmp_path, 2)
    gate = Path(second) / "gate"
    os.mkfifo(gate)
    swapping = asyncio.create_task(client.swap("toy", second))
    assert mark_of(await ask(client, "meanwhile")) == 1
    await asyncio.to_thread(gate.write_text, "go")
    await swapping
    assert mark_of(await ask(client, "meanwhile")) == 2


async def test_no_request_fails_while_models_are_swapped(
    client: InferenceClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_ITEMS", 8)
    second = folder(tmp_path, 2)
    is_over = asyncio.Event()

    async def flood(name: int) -> set[int]:
        seen, number = set(), 0
        while not is_over.is_set():
            number += 1
            seen.add(mark_of(await ask(client, *(f"{name} {number} {n}" for n in range(50)))))
        return seen

    flooding = [asyncio.create_task(flood(name)) for name in range(4)]
    for _ in range(5):
        await client.swap("toy", second)
        await client.swap("toy", str(tmp_path / "model-1"))
    is_over.set()
    seen = await asyncio.gather(*flooding)
    assert set().union(*seen) == {1, 2}


async def test_a_swap_outlives_the_worker(client: InferenceClient, tmp_path: Path) -> None:
    await client.swap("toy", folder(tmp_path, 2))
    first = client.worker_pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: client.worker_pid not in (None, first), LIMIT_S)
    assert mark_of(await ask(client, "text")) == 2


async def test_who_waits_for_a_model_is_told_that_the_worker_died(
    client: InferenceClient, tmp_path: Path
) -> None:
    second = folder(tmp_path, 2)
    os.mkfifo(Path(second) / "gate")
    swapping = asyncio.create_task(client.swap("toy", second))
    await ask(client, "behind the wish")
    assert client.worker_pid is not None
    os.kill(client.worker_pid, signal.SIGKILL)
    with pytest.raises(ModelError, match="as they were"):
        await swapping
    assert mark_of(await ask(client, "text")) == 1


async def test_a_swap_is_measured_between_batches(
    settings: InferenceSettings, tmp_path: Path
) -> None:
    measured = replace(settings, batch_tokens=0, batch_ms=2.0)
    async with InferenceClient(measured, worker_module=TOY) as client:
        first = client.models["toy"].batch_tokens
        swapping = asyncio.create_task(client.swap("toy", folder(tmp_path, 2)))
        while not swapping.done():
            assert mark_of(await ask(client, "meanwhile")) in {1, 2}
        assert (await swapping).batch_tokens > 0
        assert first > 0


async def test_a_slow_candidate_is_no_hang(settings: InferenceSettings, tmp_path: Path) -> None:
    second = folder(tmp_path, 2)
    (Path(second) / "slow").write_text("1.5")
    strict = replace(settings, hang_s=0.5, batch_tokens=0)
    async with InferenceClient(strict, worker_module=TOY) as client:
        first = client.worker_pid
        await client.swap("toy", second)
        assert client.worker_pid == first
        assert mark_of(await ask(client, "text")) == 2
