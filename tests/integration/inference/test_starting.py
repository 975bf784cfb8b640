"""A worker process starts with its client and ends with it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inference.client import InferenceClient, InferenceSettings
from inference.errors import (
    ClientClosed,
    ModelError,
    WorkerLost,
)
from inference.messages import Lane
from tests.toys.asking import LIMIT_S, TOY, ask, check
from tests.toys.hold import Hold

pytestmark = pytest.mark.timeout(60)


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
