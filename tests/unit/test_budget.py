"""The budget is the largest that keeps its time, whatever disturbs the measuring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.budget import MOST_TOKENS, largest, measure_budget
from inference.faults import is_out_of_memory
from inference.models.base import Encoded
from tests.toys.worker import ToyModel

BOUND_S = 0.05


@given(
    edge=st.floats(0.5, 5000.0),
    overhead=st.floats(0.0, 0.9),
    power=st.floats(1.0, 1.5),
    most=st.integers(1, 4096),
)
def test_the_search_finds_the_edge(edge: float, overhead: float, power: float, most: int) -> None:
    asked: list[int] = []

    def seconds(count: int) -> float:
        asked.append(count)
        return float(BOUND_S * (overhead + (1 - overhead) * (count / edge) ** power))

    found = largest(seconds, BOUND_S, most)
    right = max(1, min(int(edge), most))
    assert right - max(1, right // 5) <= found <= right
    assert len(asked) <= most.bit_length() + 8
    assert max(asked) <= most


@given(edge=st.floats(2.0, 5000.0), overhead=st.floats(0.0, 0.9))
def test_no_try_takes_longer_than_what_is_looked_for(edge: float, overhead: float) -> None:
    asked: list[float] = []

    def seconds(count: int) -> float:
        asked.append(BOUND_S * (overhead + (1 - overhead) * count / edge))
        return asked[-1]

    largest(seconds, BOUND_S, 10_000)

    assert max(asked) <= BOUND_S * 1.001


@given(
    token_us=st.floats(0.1, 5000.0),
    item_us=st.floats(0.0, 5000.0),
    noise=st.lists(st.floats(1.0, 3.0), min_size=1, max_size=10),
)
def test_no_batch_of_any_length_takes_longer(
    token_us: float, item_us: float, noise: list[float]
) -> None:
    calls = 0

    def undisturbed(length: int, count: int) -> float:
        return (token_us * length + item_us) * count / 1e6

    def seconds(batch: Sequence[Encoded]) -> float:
        nonlocal calls
        calls += 1
        return undisturbed(batch[0].length, len(batch)) * noise[calls % len(noise)]

    model = ToyModel("toy")
    budget = measure_budget(model, seconds, BOUND_S)
    short, long = len("好 good"), len("好 good ") * 2000
    for length in (short, long):
        count = budget // length
        assert count <= 1 or undisturbed(length, count) <= BOUND_S


def test_a_quiet_device_is_measured_well() -> None:
    budget = measure_budget(ToyModel("toy"), lambda batch: 1e-5 * tokens(batch), bound_s=1.0)
    assert 80_000 <= budget <= 100_000


def test_what_does_not_fit_into_memory_is_too_much() -> None:
    def seconds(batch: Sequence[Encoded]) -> float:
        if tokens(batch) > 20_000:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return 0.0

    assert 12_000 <= measure_budget(ToyModel("toy"), seconds, BOUND_S) <= 20_000


def test_a_device_that_is_never_late_has_a_bound_too() -> None:
    assert measure_budget(ToyModel("toy"), lambda batch: 0.0, BOUND_S) <= MOST_TOKENS


def test_a_model_that_fails_is_not_measured() -> None:
    def seconds(batch: Sequence[Encoded]) -> float:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        measure_budget(ToyModel("toy"), seconds, BOUND_S)


def tokens(batch: Sequence[Encoded]) -> int:
    return int(batch[0].length * len(batch))


class OutOfMemoryError(RuntimeError):
    """Called as torch's own."""


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (MemoryError(), True),
        (np.exceptions.AxisError("x"), False),
        (OutOfMemoryError(), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), True),
        (RuntimeError("the device is lost"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_memory_is_told_from_other_faults(error: Exception, answer: bool) -> None:
    assert is_out_of_memory(error) is answer
