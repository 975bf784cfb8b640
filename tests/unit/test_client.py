"""The client, against a real worker process with a toy model."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference import client as client_module
from inference import frames, pieces
from inference.client import InferenceClient, InferenceSettings
from inference.errors import (
    ClientClosed,
    InferenceError,
    ModelError,
    UnknownSlot,
    WorkerDied,
    WorkerLost,
)
from inference.messages import EXPIRED, WORKER_DIED, Answer, Lane
from inference.room import Room
from inference.testing import FakeInference
from tests.unit.hold import Hold
from tests.unit.toy_worker import toy_row
from tests.waiting import until

TOY = "tests.unit.toy_worker"
DEADLY = "tests.unit.deadly_worker"
LIMIT_S = 20
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def settings(tmp_path: Path) -> InferenceSettings:
    folder = tmp_path / "model"
    folder.mkdir()
    return InferenceSettings(
        models={"toy": str(folder)}, batch_tokens=4096, restart_delays_s=(0.0,) * 3
    )


@pytest.fixture
async def client(settings: InferenceSettings) -> AsyncIterator[InferenceClient]:
    async with InferenceClient(settings, worker_module=TOY) as started:
        yield started


@pytest.fixture
def hold(tmp_path: Path) -> Hold:
    return Hold(tmp_path / "hold")


def check(answer: Answer, texts: list[str]) -> None:
    assert not answer.errors
    np.testing.assert_array_equal(answer.rows, [toy_row(text) for text in texts])


async def ask(
    client: InferenceClient,
    *texts: str,
    lane: Lane = Lane.REVIEWS,
    within_s: Sequence[float] | None = None,
) -> Answer:
    async with asyncio.timeout(LIMIT_S):
        return await client.ask("toy", texts, lane=lane, within_s=within_s)


async def test_rows_come_in_the_order_of_the_items(client: InferenceClient) -> None:
    texts = [f"{'x' * (n % 40)} text {n}" for n in range(500)]
    answer = await ask(client, *texts)
    check(answer, texts)
    assert answer.model == client.models["toy"]
    assert (answer.queue_ms >= 0).all()
    assert (answer.compute_ms > 0).all()


async def test_many_ask_at_once(client: InferenceClient) -> None:
    asked = [[f"{n} {m}" for m in range(n)] for n in range(40)]
    answers = await asyncio.gather(
        *(ask(client, *texts, lane=Lane(n % 3)) for n, texts in enumerate(asked))
    )
    for answer, texts in zip(answers, asked, strict=True):
        assert answer.rows.shape == (len(texts), 3)
        if texts:
            check(answer, texts)


async def test_more_items_than_the_worker_may_hold(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_ITEMS", 16)
    texts = [f"text {n}" for n in range(100)]
    texts[70] = "poison pill"
    async with InferenceClient(replace(settings, queue_items=20), worker_module=TOY) as client:
        answer = await ask(client, *texts)
    assert list(answer.errors) == [70]
    assert np.isnan(answer.rows[70]).all()
    np.testing.assert_array_equal(answer.rows[71], toy_row("text 71"))


async def test_half_a_character_and_its_mates_have_their_scores(client: InferenceClient) -> None:
    answer = await ask(client, "before", "\ud83d half", "a whole \U0001f600", "after \udc00")
    assert not answer.errors
    np.testing.assert_array_equal(answer.rows[0], toy_row("before"))
    np.testing.assert_array_equal(answer.rows[2], toy_row("a whole \U0001f600"))
    again = await ask(client, "\ud83d half")
    np.testing.assert_array_equal(again.rows[0], answer.rows[1])


async def test_long_texts_are_cut_before_they_travel(settings: InferenceSettings) -> None:
    async with InferenceClient(replace(settings, max_tokens=2), worker_module=TOY) as client:
        answer = await ask(client, "x" * 1_000_000)
        assert answer.rows[0, 0] == 24


async def test_failing_items_stand_alone(client: InferenceClient) -> None:
    texts = ["fine", "poison secret", "nan", "unreadable", "fine too", "poison again", "unknown"]
    answer = await ask(client, *texts)
    codes = {place: error.code for place, error in answer.errors.items()}
    assert codes == {
        1: "model_failed",
        2: "not_a_number",
        3: "not_prepared",
        5: "model_failed",
        6: "unreadable",
    }
    assert not any("secret" in error.reason for error in answer.errors.values())
    assert np.isnan(answer.rows[[1, 2, 3, 5, 6]]).all()
    np.testing.assert_array_equal(answer.rows[[0, 4]], [toy_row("fine"), toy_row("fine too")])


async def test_an_unknown_slot_is_refused(client: InferenceClient) -> None:
    with pytest.raises(UnknownSlot, match="nonsense"):
        await client.ask("nonsense", ["text"], lane=Lane.CHAT)


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


async def test_a_cancelled_request_is_dropped(client: InferenceClient, hold: Hold) -> None:
    holding = asyncio.create_task(ask(client, hold.text, lane=Lane.CHAT))
    await hold.entered()
    dropped = asyncio.create_task(ask(client, "die", lane=Lane.REVIEWS))
    behind = asyncio.create_task(ask(client, "behind", lane=Lane.REVIEWS))
    await asyncio.sleep(0)  # both are sent
    dropped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dropped
    await ask(client, "unreadable")  # answered without the device, behind the cancellation
    first = client.worker_pid
    await hold.release()
    await holding
    check(await behind, ["behind"])
    assert client.worker_pid == first


# -- deadlines


async def passed(seconds: float) -> None:
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    await until(lambda: clock() > end)


async def test_what_is_late_when_it_comes_has_expired(client: InferenceClient) -> None:
    answer = await ask(client, "late", "in time", "never late", within_s=[-1.0, 60.0, math.inf])
    assert answer.errors == {0: EXPIRED}
    assert np.isnan(answer.rows[0]).all()
    np.testing.assert_array_equal(answer.rows[1:], [toy_row("in time"), toy_row("never late")])


async def test_what_gets_late_while_it_waits_does_not_ride(
    client: InferenceClient, hold: Hold
) -> None:
    holding = asyncio.create_task(ask(client, hold.text))
    await hold.entered()
    asking = asyncio.create_task(ask(client, "die", "fine", within_s=[0.05, 60.0]))
    await ask(client, "unreadable")  # behind it, and it is through
    await passed(0.1)
    await hold.release()
    answer = await asking
    assert answer.errors == {0: EXPIRED}
    np.testing.assert_array_equal(answer.rows[1], toy_row("fine"))
    await holding


async def test_who_has_no_time_left_waits_for_no_worker(
    client: InferenceClient, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "LATE_S", 0.0)
    holding = asyncio.create_task(ask(client, hold.text))
    await hold.entered()
    answer = await ask(client, "one", "two", within_s=[0.01, 0.02])
    assert answer.errors == {0: EXPIRED, 1: EXPIRED}
    assert answer.rows.shape == (2, 3)
    await hold.release()
    await holding


async def test_what_is_hopeless_has_expired(client: InferenceClient, hold: Hold) -> None:
    holding = asyncio.create_task(ask(client, hold.text))
    await hold.entered()
    await passed(0.2)  # so long a text takes, as far as the worker knows then
    await hold.release()
    await holding
    second = Hold(hold.folder.parent / "second")
    holding = asyncio.create_task(ask(client, second.text))
    await second.entered()
    flood = asyncio.create_task(ask(client, *(f"text {n}" for n in range(100))))
    await ask(client, "unreadable")  # behind it, and it is through
    answer = await ask(client, "hopeless", within_s=[5.0])
    assert answer.errors == {0: EXPIRED}
    await second.release()
    await asyncio.gather(holding, flood)


async def test_a_flood_leaves_room_in_other_lanes(settings: InferenceSettings, hold: Hold) -> None:
    async with InferenceClient(replace(settings, queue_items=2), worker_module=TOY) as client:
        flood = [asyncio.create_task(ask(client, hold.text, "mate")) for _ in range(3)]
        await hold.entered()
        answer = await ask(client, "unreadable", lane=Lane.CHAT)
        assert 0 in answer.errors
        await hold.release()
        await asyncio.gather(*flood)


async def test_a_client_that_is_stopped_at_once_leaves_no_worker(
    settings: InferenceSettings,
) -> None:
    async with InferenceClient(settings, worker_module=TOY) as client:
        pid = client.worker_pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_stop_ends_what_is_outstanding(settings: InferenceSettings, hold: Hold) -> None:
    client = InferenceClient(replace(settings, queue_items=2), worker_module=TOY)
    await client.start()
    asking = [asyncio.create_task(ask(client, text, "mate")) for text in (hold.text, "no room")]
    await hold.entered()
    await client.stop()
    for task in asking:
        with pytest.raises(ClientClosed):
            await task
    with pytest.raises(ClientClosed):
        await client.ask("toy", ["late"], lane=Lane.CHAT)
    assert client.died.cancelled()


async def test_a_model_that_does_not_load_is_said_in_a_sentence(
    settings: InferenceSettings,
) -> None:
    client = InferenceClient(replace(settings, models={"toy": "/no/where"}), worker_module=TOY)
    with pytest.raises(ModelError, match="there is no model where"):
        await client.start()
    with pytest.raises(ClientClosed):
        await client.ask("toy", ["text"], lane=Lane.CHAT)
    await client.stop()


async def test_a_worker_that_is_no_worker(settings: InferenceSettings) -> None:
    client = InferenceClient(settings, worker_module="tests.unit.no_such_module")
    with pytest.raises(WorkerLost, match="while it loaded"):
        await client.start()


async def test_the_worker_ends_with_its_client(settings: InferenceSettings) -> None:
    code = (
        "import asyncio, os, sys\n"
        "from inference.client import InferenceClient, InferenceSettings\n"
        "async def main():\n"
        "    client = InferenceClient(InferenceSettings(models={'toy': sys.argv[1]}),\n"
        f"                             worker_module={TOY!r})\n"
        "    await client.start()\n"
        "    print(client.worker_pid, flush=True)\n"
        "    os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", code, settings.models["toy"]]
    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
    worker = os.pidfd_open(int(run.stdout)) if is_alive(int(run.stdout)) else None
    if worker is not None:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(worker, ended.set)  # readable when it has ended
        async with asyncio.timeout(LIMIT_S):
            await ended.wait()
        asyncio.get_running_loop().remove_reader(worker)


def remove(folder: str) -> None:
    Path(folder).rmdir()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_interrupts_are_the_clients_business(client: InferenceClient) -> None:
    assert client.worker_pid is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(client.worker_pid, number)
    check(await ask(client, "still here"), ["still here"])


def test_asking_needs_no_torch() -> None:
    code = "import sys, inference.client, inference.testing; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout == "False\n"


# -- room


async def test_room_goes_to_the_first() -> None:
    room = Room(2)
    await room.take(2)
    got: list[str] = []

    async def take(name: str, items: int) -> None:
        await room.take(items)
        got.append(name)

    waiting = [asyncio.create_task(take("big", 2)), asyncio.create_task(take("small", 1))]
    await asyncio.sleep(0)
    room.give(1)
    await asyncio.sleep(0)
    assert not got
    room.give(1)
    await waiting[0]
    assert got == ["big"]
    room.give(1)
    await waiting[1]


async def test_who_waits_no_more_takes_no_room() -> None:
    room = Room(1)
    await room.take(1)
    gone = asyncio.create_task(room.take(1))
    next_one = asyncio.create_task(room.take(1))
    await asyncio.sleep(0)
    room.give(1)  # to `gone`, which is cancelled before it can take it
    gone.cancel()
    async with asyncio.timeout(LIMIT_S):
        await next_one
    assert gone.cancelled()


# -- the double


async def test_the_double_answers_as_a_model_would() -> None:
    fake = FakeInference(
        {"sentiment": ("negative", "positive"), "recommend": ()},
        is_poison=lambda item: item == "bad",
        failures=[WorkerDied("told to")],
    )
    with pytest.raises(WorkerDied):
        await fake.ask("sentiment", ["a"], lane=Lane.REVIEWS)
    answer = await fake.ask("sentiment", ["a", "bad", "b"], lane=Lane.REVIEWS)
    again = await fake.ask("sentiment", ["b"], lane=Lane.CHAT)
    assert list(answer.errors) == [1]
    np.testing.assert_array_equal(answer.rows[2], again.rows[0])
    assert answer.rows[0].sum() == pytest.approx(1, abs=1e-6)
    vectors = await fake.ask("recommend", [["a", "b"]], lane=Lane.ORDERS)
    assert np.linalg.norm(vectors.rows[0]) == pytest.approx(1, abs=1e-6)
    assert [one.lane for one in fake.asked] == [
        Lane.REVIEWS,
        Lane.REVIEWS,
        Lane.CHAT,
        Lane.ORDERS,
    ]
    with pytest.raises(InferenceError):
        await fake.ask("intent", ["a"], lane=Lane.CHAT)


async def test_the_double_waits_for_its_gate() -> None:
    fake = FakeInference({"intent": ("greeting", "refund")})
    fake.gate.clear()
    asking = asyncio.create_task(fake.ask("intent", ["hi"], lane=Lane.CHAT))
    await fake.arrived.get()
    assert not asking.done()
    fake.gate.set()
    assert len((await asking).rows) == 1
