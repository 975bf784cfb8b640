"""Inside the worker: the threads that prepare, forward and finish."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from inference.desk import Done
from inference.frames import Ask
from inference.intake import PORTION_ITEMS
from inference.messages import Floats, Item, Lane
from inference.runtime import Runtime
from inference.scheduler import STOCK_ITEMS, Scheduler
from tests.toys.worker import Toy, ToyModel

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


class Stuck(Gated):
    """Prepares as it is asked, and forwards nothing until the test ends."""

    def __init__(self) -> None:
        super().__init__()
        self.may.set()
        self.over = threading.Event()

    def forward(self, batch: Sequence[Toy]) -> Floats:
        self.over.wait(LIMIT_S)
        return super().forward(batch)


def test_no_more_is_prepared_than_the_device_can_choose_from() -> None:
    model = Stuck()
    done: queue.Queue[Done] = queue.Queue()
    runtime = Runtime(Scheduler(batch_tokens=64, capacity=10_000), done.put, lambda _: None)
    runtime.start()
    reviews = [f"review {n}" for n in range(3 * STOCK_ITEMS)]
    runtime.submit(Ask(request=0, slot="toy", lane=Lane.REVIEWS, items=reviews), model, "toy")
    wait_until(lambda: len(model.prepared) >= STOCK_ITEMS)
    for number in range(1, 40):  # each lets the preparer go once more, and reviews have their turn
        chat = f"chat {number}"
        runtime.submit(Ask(request=number, slot="toy", lane=Lane.CHAT, items=[chat]), model, "toy")
        wait_until(lambda chat=chat: chat in model.prepared)  # type: ignore[misc]
    prepared = [text for text in model.prepared if str(text).startswith("review")]
    assert len(prepared) <= STOCK_ITEMS + 3 * PORTION_ITEMS  # what was in hand, and two batches
    model.over.set()
    while len(model.prepared) < len(reviews) + 39:
        done.get(timeout=LIMIT_S)  # room again: the rest is prepared as the device goes on
    runtime.stop()


class Speechless(ToyModel):
    """Its tokenizer is broken: it fails on everything."""

    def prepare(self, items: Sequence[Item]) -> list[Toy]:
        raise ValueError("no vocabulary")


def test_a_tokenizer_that_fails_on_everything_is_the_models_fault() -> None:
    done: queue.Queue[Done] = queue.Queue()
    broken: queue.Queue[BaseException] = queue.Queue()
    runtime = Runtime(Scheduler(batch_tokens=64, capacity=10), done.put, broken.put)
    runtime.start()
    items = ["fine", "also fine"]
    runtime.submit(
        Ask(request=0, slot="toy", lane=Lane.REVIEWS, items=items), Speechless("toy"), "toy"
    )
    assert isinstance(broken.get(timeout=LIMIT_S), ValueError)
    assert done.empty()  # no item is blamed: the next worker is asked


def test_many_small_requests_are_prepared_together() -> None:
    model = Gated()
    done: queue.Queue[Done] = queue.Queue()
    runtime = Runtime(Scheduler(batch_tokens=4096, capacity=100), done.put, lambda _: None)
    runtime.start()
    calls: list[int] = []
    prepare = model.prepare

    def counted(items: Sequence[Item]) -> list[Toy]:
        calls.append(len(items))
        return prepare(items)

    model.prepare = counted  # type: ignore[method-assign]
    for number in range(PORTION_ITEMS + 1):
        ask = Ask(request=number, slot="toy", lane=Lane.REVIEWS, items=[f"text {number}"])
        runtime.submit(ask, model, "toy")
        assert model.begun.wait(LIMIT_S)  # the first is in hand, and the others wait behind it
    model.may.set()
    answered: set[int] = set()
    while len(answered) <= PORTION_ITEMS:
        answered |= {entry.request for entry in done.get(timeout=LIMIT_S).entries}
    runtime.stop()
    assert calls == [1, PORTION_ITEMS]


def wait_until(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.001)
