"""On a GPU: the same scores in any batch and as on the CPU, nothing padded, memory survived."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.desk import Done
from inference.frames import Ask
from inference.launch import Launching
from inference.messages import Item, Lane
from inference.models.base import Model, forward
from inference.models.batches import Packed, Padded
from inference.models.loading import load
from inference.models.names import BUNDLED
from inference.models.planning import plan
from inference.runtime import Runtime
from inference.scheduler import Scheduler

TOLERANCE = 0.01  # of bfloat16: 8 bits of mantissa, and sums in another order
TO_FLOAT32 = 0.02
LIMIT_S = 60.0
pytestmark = pytest.mark.timeout(300)

words = st.sampled_from(["好", "很差", "terrible", "我喜欢", "the seam split", "，", "😀"])
reviews = st.lists(words, max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def model() -> Model:
    return load("sentiment", BUNDLED, "cuda", 512, "auto")


def test_the_plan_is_told(model: Model) -> None:
    assert model.info.device == "cuda"
    assert model.info.plan is not None
    assert model.info.plan.packed == (torch.cuda.get_device_capability() >= (8, 0))


@settings(max_examples=40, deadline=None)
@given(text=reviews, mates=st.lists(reviews, max_size=30))
def test_scores_are_the_same_in_any_batch(model: Model, text: str, mates: list[str]) -> None:
    alone = forward(model, model.prepare([text]))[0]
    riding = forward(model, model.prepare([text, *mates]))[0]
    np.testing.assert_allclose(riding, alone, atol=TOLERANCE, rtol=0)
    if np.ptp(alone) > TOLERANCE:
        assert riding.argmax() == alone.argmax()


def test_scores_are_those_of_the_cpu(model: Model) -> None:
    exact = load("sentiment", BUNDLED, "cpu", 512, "fp32")
    texts: list[Item] = ["good", "很差 " * 40, "", "not what I ordered, but fine"]
    expected = forward(exact, exact.prepare(texts))
    found = forward(model, model.prepare(texts))
    np.testing.assert_allclose(found, expected, atol=TO_FLOAT32, rtol=0)


def test_two_batches_at_once_keep_apart(model: Model) -> None:
    assert isinstance(model, Launching)
    batches = [model.prepare(["good"] * 50), model.prepare(["很差 " * 30] * 20)]
    expected = [forward(model, batch) for batch in batches]
    flights = [model.launch(batch) for batch in batches]
    for finish, rows in zip(flights, expected, strict=True):
        np.testing.assert_allclose(finish(), rows, atol=TOLERANCE, rtol=0)


@pytest.fixture
def little_memory() -> Iterator[None]:
    torch.cuda.empty_cache()
    free = 64 * 2**20 + torch.cuda.memory_reserved()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(free / total)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.usefixtures("little_memory")
def test_a_batch_that_does_not_fit_is_halved(model: Model) -> None:
    done: queue.Queue[Done] = queue.Queue()
    broken: list[BaseException] = []
    tokens = 10_000_000
    scheduler = Scheduler(batch_tokens=tokens, capacity=100_000)
    runtime = Runtime(scheduler, done.put, broken.append)
    items: list[Item] = [f"{number} " * 100 for number in range(10_000)]
    runtime.submit(Ask(request=1, slot="s", lane=Lane.REVIEWS, items=items), model, "s")
    runtime.start()
    answered = 0
    while answered < len(items):
        part = done.get(timeout=LIMIT_S)
        assert part.error is None
        answered += len(part.entries)
    runtime.stop()
    assert not broken
    assert scheduler.budget("s") < tokens


def bert_base() -> Any:
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    return BertForSequenceClassification(BertConfig()).eval()


def rate(way: Packed | Padded, batches: list[list[list[int]]]) -> float:
    """Return tokens a second, padding not counted."""
    for batch in batches[:2]:
        way(batch)
    torch.cuda.synchronize()
    began = time.perf_counter()
    for batch in batches:
        way(batch)
    torch.cuda.synchronize()
    return sum(len(text) for batch in batches for text in batch) / (time.perf_counter() - began)


def matrix_peak() -> float:
    """Return the multiplications and additions a second that bfloat16 matrices reach here."""
    side, turns = 8192, 10
    one = torch.randn(side, side, device="cuda", dtype=torch.bfloat16)
    one @ one
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(turns):
        one @ one
    torch.cuda.synchronize()
    return float(turns * 2 * side**3 / (time.perf_counter() - began))


def test_packing_pays(record_property: Callable[[str, object], None]) -> None:
    random = np.random.default_rng(7)
    # As reviews are: many short ones, a few long.
    batches = [
        [
            random.integers(5, 20_000, size=int(length)).tolist()
            for length in np.clip(random.lognormal(3.2, 0.8, size=1500), 4, 512)
        ]
        for _ in range(10)
    ]
    samples = batches[0][:20]
    found = plan(bert_base(), wanted="bf16", device="cuda", samples=samples, pad=0)
    assert isinstance(found.way, Packed)
    padded = Padded(bert_base().bfloat16().to("cuda"), 0)
    packed_rate, padded_rate = rate(found.way, batches), rate(padded, batches)
    multiplied = 12 * (4 * 768**2 + 2 * 768 * 3072)  # weights of BERT-base's layers
    record_property("tokens_per_s", round(packed_rate))
    record_property("padded_tokens_per_s", round(padded_rate))
    record_property("share_of_peak", round(2 * multiplied * packed_rate / matrix_peak(), 3))
    assert packed_rate > padded_rate
