"""What is given up or comes too late does not ride."""

from __future__ import annotations

import asyncio
import math

import numpy as np
import pytest

from inference import client as client_module
from inference.client import InferenceClient
from inference.messages import EXPIRED, Lane
from tests.toys.asking import ask, check
from tests.toys.hold import Hold
from tests.toys.worker import toy_row
from tests.waiting import passed

pytestmark = pytest.mark.timeout(60)


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
