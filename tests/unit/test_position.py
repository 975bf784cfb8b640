"""What rides in a commit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.position import (
    MAX_METADATA_BYTES,
    MAX_RUNS,
    Position,
    beginning,
    decode_metadata,
    encode_metadata,
)

LARGEST_OFFSET_DISTANCE = 2**40


@st.composite
def positions(draw: st.DrawFn) -> Position:
    offset = draw(st.integers(0, 2**62))
    steps = draw(
        st.lists(
            st.tuples(
                st.integers(1, LARGEST_OFFSET_DISTANCE), st.integers(0, LARGEST_OFFSET_DISTANCE)
            ),
            max_size=MAX_RUNS,
        )
    )
    runs: list[tuple[int, int]] = []
    end = offset
    for gap, more in steps:
        runs.append((end + gap, end + gap + more))
        end += gap + more + 1
    return Position(offset, tuple(runs))


@given(positions())
def test_a_position_comes_back_and_always_fits(position: Position) -> None:
    metadata = encode_metadata(position)
    assert len(metadata.encode()) <= MAX_METADATA_BYTES
    assert decode_metadata(position.offset, metadata) == position


def test_a_commit_of_one_offset_carries_nothing() -> None:
    assert encode_metadata(Position(7)) == ""
    assert decode_metadata(7, "") == Position(7)


COMMITTED = Position(4, ((6, 7), (9, 9)))


@pytest.mark.parametrize(
    ("earliest", "end", "begun"),
    [
        (0, 20, COMMITTED),
        (4, 10, COMMITTED),
        (6, 20, Position(8, ((9, 9),))),
        (7, 20, Position(8, ((9, 9),))),
        (8, 20, Position(8, ((9, 9),))),
        (9, 10, Position(10)),
        (20, 20, Position(20)),
    ],
)
def test_where_the_log_has_lost_its_beginning_nothing_is_done_twice(
    earliest: int, end: int, begun: Position
) -> None:
    assert beginning(COMMITTED, earliest, end) == begun


@pytest.mark.parametrize("end", [3, 5, 9])
def test_a_log_that_ends_before_what_is_done_is_another_one(end: int) -> None:
    assert beginning(COMMITTED, 2, end) == Position(2)
    assert beginning(None, 2, end) == Position(2)


def test_more_runs_than_fit_are_refused() -> None:
    runs = tuple((2 * at, 2 * at) for at in range(1, MAX_RUNS + 2))
    with pytest.raises(ValueError, match="do not fit"):
        encode_metadata(Position(0, runs))


@pytest.mark.parametrize("metadata", ["another program's", "1:~", "2:00", "1:|NsC0|", "1:ZZ"])
def test_metadata_that_is_not_ours_is_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match=r"metadata|base85|characters"):
        decode_metadata(0, metadata)
