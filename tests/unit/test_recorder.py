"""What a worker was at can be read when it is gone."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from inference.recorder import MOST_ITEMS, Recorder, new_memory


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = new_memory()
    yield descriptor
    os.close(descriptor)


def test_nothing_noted_says_nothing(memory: int) -> None:
    recorder = Recorder(memory)
    assert recorder.was_at() is None
    recorder.begin("forward", [(1, 0)])
    recorder.end("forward")
    assert recorder.was_at() is None


def test_every_step_that_is_not_over_counts(memory: int) -> None:
    recorder = Recorder(memory)
    recorder.begin("forward", [(1, 0), (1, 1), (7, 3)])
    recorder.begin("prepare 0", [(8, 2)])
    assert recorder.was_at() == frozenset({(1, 0), (1, 1), (7, 3), (8, 2)})
    recorder.end("forward")
    recorder.begin("forward", [(9, 9)])
    assert recorder.was_at() == frozenset({(8, 2), (9, 9)})


def test_a_step_without_items_is_known_to_be_at_none(memory: int) -> None:
    recorder = Recorder(memory)
    recorder.begin("measure", ())
    assert recorder.was_at() == frozenset()


def test_too_many_are_not_half_noted(memory: int) -> None:
    recorder = Recorder(memory)
    recorder.begin("forward", [(1, place) for place in range(MOST_ITEMS + 1)])
    assert recorder.was_at() is None
    recorder.begin("forward", [(1, place) for place in range(MOST_ITEMS)])
    assert len(recorder.was_at() or ()) == MOST_ITEMS
