"""Inside the worker: the threads that prepare, forward and finish."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

import pytest

from inference.desk import Done
from inference.frames import Ask
from inference.messages import Floats, Item, Lane
from inference.runtime import Runtime
from inference.scheduler import Scheduler
from tests.unit.toy_worker import Toy, ToyModel

TOLERANCE = 1e-5  # of float32: sums are taken in another order in another batch
pytestmark = pytest.mark.timeout(120)


LIMIT_S = 20.0


class Gated(ToyModel):
    """Prepares nothing until it may, and keeps what it was asked in order."""

    def __init__(self) -> None:
        super().__init__("toy")
        self.begun = threading.Event()
        self.may = threading.Event()
        self.prepared: list[Item] = []

    def prepare(self, items: Sequence[Item]) -> list[Toy]:
        self.begun.set()
        self.may.wait(LIMIT_S)
        self.prepared.extend(items)
        return super().prepare(items)


def test_a_flood_does_not_keep_chat_from_being_prepared() -> None:
    model = Gated()
    done: queue.Queue[Done] = queue.Queue()
    broken: list[BaseException] = []
    runtime = Runtime(Scheduler(batch_tokens=64, capacity=10), done.put, broken.append)
    runtime.start()
    for number, (text, lane) in enumerate(
        [("first", Lane.REVIEWS), ("second", Lane.REVIEWS), ("chat", Lane.CHAT)]
    ):
        runtime.submit(Ask(request=number, slot="toy", lane=lane, items=[text]), model, "toy")
        assert model.begun.wait(LIMIT_S)
    model.may.set()
    answered: set[int] = set()
    while len(answered) < 3:
        answered |= {entry.request for entry in done.get(timeout=LIMIT_S).entries}
    runtime.stop()
    assert model.prepared == ["first", "chat", "second"]
    assert not broken


class Stepped(ToyModel):
    """Forwards a batch each time it may, and keeps what was in them."""

    def __init__(self) -> None:
        super().__init__("toy")
        self.begun: queue.Queue[list[str]] = queue.Queue()
        self.may = threading.Semaphore(0)

    def forward(self, batch: Sequence[Toy]) -> Floats:
        self.begun.put([toy.text for toy in batch])
        self.may.acquire(timeout=LIMIT_S)
        return super().forward(batch)


def test_under_a_flood_chat_waits_for_the_running_batch_alone() -> None:
    model = Stepped()
    done: queue.Queue[Done] = queue.Queue()
    runtime = Runtime(Scheduler(batch_tokens=64, capacity=1000), done.put, lambda _: None)
    runtime.start()
    flood = [f"review {n:04}" for n in range(500)]
    runtime.submit(Ask(request=0, slot="toy", lane=Lane.REVIEWS, items=flood), model, "toy")
    for number in range(1, 20):
        assert "chat" not in model.begun.get(timeout=LIMIT_S)  # a batch of reviews is running
        runtime.submit(
            Ask(request=number, slot="toy", lane=Lane.CHAT, items=["chat"]), model, "toy"
        )
        runtime.submit(
            Ask(request=99, slot="toy", lane=Lane.CHAT, items=["unreadable"]), model, "toy"
        )
        while done.get(timeout=LIMIT_S).error is None:
            pass  # until the chat is prepared, which the text behind it shows
        model.may.release()
        assert model.begun.get(timeout=LIMIT_S) == ["chat"]
        model.may.release()


def test_the_search_in_a_batch_that_failed_keeps_no_chat_waiting() -> None:
    model = Stepped()
    done: queue.Queue[Done] = queue.Queue()
    runtime = Runtime(Scheduler(batch_tokens=640, capacity=1000), done.put, lambda _: None)
    runtime.start()
    reviews = ["poison 00", *(f"review {n:02}" for n in range(31))]
    runtime.submit(Ask(request=0, slot="toy", lane=Lane.REVIEWS, items=reviews), model, "toy")
    whole = model.begun.get(timeout=LIMIT_S)
    seen = 0
    while "poison 00" in whole and len(whole) > 1:
        seen += 1
        runtime.submit(Ask(request=seen, slot="toy", lane=Lane.CHAT, items=["chat"]), model, "toy")
        runtime.submit(
            Ask(request=99, slot="toy", lane=Lane.CHAT, items=["unreadable"]), model, "toy"
        )
        while done.get(timeout=LIMIT_S).error is None:
            pass  # until the chat is prepared
        model.may.release()
        assert model.begun.get(timeout=LIMIT_S) == ["chat"]
        model.may.release()
        whole = model.begun.get(timeout=LIMIT_S)
    assert whole == ["poison 00"]
    assert seen > 3
