"""Rows of few different lengths waste little."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.models.batches import LENGTHS, padded, spare


@given(st.integers(1, 100_000))
def test_little_is_added(tokens: int) -> None:
    assert 0 <= spare(tokens) <= tokens / LENGTHS


def test_lengths_are_few() -> None:
    lengths = {tokens + spare(tokens) for tokens in range(1, 8193)}
    assert len(lengths) <= LENGTHS * 11


def test_a_short_row_stays_as_it_is() -> None:
    assert [spare(tokens) for tokens in (1, 5, 13, 31)] == [0, 0, 0, 0]


def test_texts_are_padded_on_the_right() -> None:
    ids, mask = padded([[5, 6], [7]], pad=9)
    assert ids.tolist() == [[5, 6], [7, 9]]
    assert mask.tolist() == [[1, 1], [1, 0]]
