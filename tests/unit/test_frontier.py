"""Gate, epoch and ledger of a partition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.frontier import Frontier
from streams.position import MAX_RUNS, Position, decode_metadata, encode_metadata

SIZE = 10


def opened(start: int = 0, beyond: tuple[tuple[int, int], ...] = ()) -> Frontier:
    frontier = Frontier()
    frontier.open(Position(start, beyond))
    return frontier


def take_in(frontier: Frontier, *offsets: int) -> list[int | None]:
    """Return each record's number, None for one that is not new."""
    taken = frontier.take_in(frontier.epoch, offsets, [SIZE] * len(offsets))
    assert taken is not None
    numbers: list[int | None] = [None] * len(offsets)
    for run in taken:
        numbers[run.start : run.stop] = range(run.number, run.number + run.stop - run.start)
    return numbers


def release(frontier: Frontier, *numbers: int | None) -> None:
    assert all(number is not None and frontier.release(number) for number in numbers)


def test_a_shut_gate_lets_nothing_pass() -> None:
    frontier = Frontier()
    assert frontier.take_in(frontier.epoch, [0, 1], [1, 1]) is None
    frontier.open(Position(0))
    frontier.shut()
    assert frontier.take_in(frontier.epoch, [0, 1], [1, 1]) is None


def test_a_fetch_that_began_in_another_epoch_is_nobodys() -> None:
    frontier = opened()
    before = frontier.epoch
    frontier.shut()
    frontier.open(Position(0))
    assert frontier.take_in(before, [0, 1], [1, 1]) is None
    assert take_in(frontier, 0, 1) == [0, 1]


def test_records_below_the_next_offset_are_left_out() -> None:
    frontier = opened(5)
    assert take_in(frontier, 3, 4, 5, 9) == [None, None, 0, 1]
    assert take_in(frontier, 3, 4) == [None, None]


def test_the_offset_waits_for_the_earliest_record_and_names_what_is_done_beyond() -> None:
    frontier = opened()
    numbers = take_in(frontier, 0, 1, 2, 3, 4)
    release(frontier, numbers[1], numbers[2], numbers[4])
    assert frontier.position() == Position(0, ((1, 2), (4, 4)))
    release(frontier, numbers[0])
    assert frontier.position() == Position(3, ((4, 4),))
    release(frontier, numbers[3])
    assert frontier.position() == Position(5)


def test_runs_of_earlier_owners_that_lie_side_by_side_are_passed_together() -> None:
    frontier = opened(4, ((5, 9), (10, 12)))
    release(frontier, *take_in(frontier, 4))
    assert frontier.position() == Position(13)


def test_only_what_is_settled_is_committed_and_a_failed_commit_is_wanted_again() -> None:
    frontier = opened()
    release(frontier, *take_in(frontier, 0, 1))
    assert frontier.to_commit() is None
    assert not frontier.is_idle
    frontier.settle(frontier.position())
    assert frontier.is_idle
    assert frontier.to_commit() == frontier.to_commit() == Position(2)
    frontier.confirm(Position(2))
    assert frontier.to_commit() is None


def test_gaps_left_by_compaction_and_transactions_do_not_hold_the_offset() -> None:
    frontier = opened()
    numbers = take_in(frontier, 3, 9, 17)
    release(frontier, numbers[0], numbers[2])
    assert frontier.position() == Position(9, ((17, 17),))
    release(frontier, numbers[1])
    assert frontier.position() == Position(18)


def test_what_an_earlier_owner_did_beyond_its_offset_is_not_taken_in_again() -> None:
    frontier = opened(2, ((4, 5), (8, 8)))
    assert frontier.position() == Position(2, ((4, 5), (8, 8)))
    assert take_in(frontier, 2, 3, 4) == [0, 1, None]
    assert frontier.position() == Position(2, ((4, 5), (8, 8)))
    release(frontier, 0, 1)
    assert frontier.position() == Position(6, ((8, 8),))
    assert take_in(frontier, 5, 6, 7, 8, 9)[0] is None
    assert frontier.position() == Position(6, ((8, 8),))


def test_what_was_inherited_and_compacted_away_is_forgotten() -> None:
    frontier = opened(2, ((4, 5),))
    release(frontier, *take_in(frontier, 2, 20))
    assert frontier.position() == Position(21)


def test_a_position_with_more_runs_than_a_commit_holds_is_not_reached() -> None:
    frontier = opened()
    numbers = take_in(frontier, *range(2 * MAX_RUNS + 4))
    every_second = [number for number in numbers[1::2] if number is not None]
    released = [number for number in every_second if frontier.release(number)]
    assert released == every_second[:MAX_RUNS]
    assert len(frontier.position().beyond) == MAX_RUNS
    kept_back = every_second[MAX_RUNS]
    release(frontier, numbers[0])
    assert frontier.release(kept_back)


def test_what_was_in_flight_is_forgotten_when_the_partition_is_opened_again() -> None:
    frontier = opened()
    take_in(frontier, 0, 1)
    frontier.open(Position(0))
    assert frontier.is_idle
    assert (frontier.records_in_flight, frontier.bytes_in_flight) == (0, 0)


def test_a_record_is_released_once() -> None:
    frontier = opened()
    numbers = take_in(frontier, 0, 1)
    release(frontier, numbers[1])
    for number in (numbers[1], 7):
        with pytest.raises(ValueError, match="not in flight"):
            frontier.release(number or 0)


def test_the_oldest_are_released_together_whatever_was_released_among_them() -> None:
    frontier = opened()
    numbers = take_in(frontier, *range(6))
    release(frontier, numbers[1], numbers[4])
    frontier.release_oldest(2)
    assert frontier.position() == Position(3, ((4, 4),))
    for last in (2, 4, 6):
        with pytest.raises(ValueError, match="not in flight"):
            frontier.release_oldest(last)
    frontier.release_oldest(5)
    assert frontier.position() == Position(6)
    assert (frontier.records_in_flight, frontier.bytes_in_flight) == (0, 0)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_any_order_of_releases_ends_at_the_end(gaps: list[int], order: object) -> None:
    frontier = opened()
    offsets = [sum(gaps[: at + 1]) for at in range(len(gaps))]
    numbers = take_in(frontier, *offsets)
    order.shuffle(numbers)  # type: ignore[attr-defined]
    release(frontier, *numbers)
    assert frontier.position() == Position(offsets[-1] + 1)
    assert (frontier.records_in_flight, frontier.bytes_in_flight) == (0, 0)


class Restarts(RuleBasedStateMachine):
    """A partition beside a naive set of what is done, through crashes and new owners."""

    def __init__(self) -> None:
        super().__init__()
        self.frontier = opened()
        self.log: list[int] = []  # offsets of the records in the partition
        self.in_flight: dict[int, int] = {}  # number by offset
        self.done: set[int] = set()  # released
        self.committed: tuple[Position, set[int]] = (Position(0), set())
        self.fetched = 0  # offset from which the next fetch reads

    @rule(gaps=st.lists(st.integers(1, 4), min_size=1, max_size=6))
    def produce(self, gaps: list[int]) -> None:
        for gap in gaps:
            self.log.append((self.log[-1] if self.log else -1) + gap)

    @rule(count=st.integers(1, 8))
    def fetch(self, count: int) -> None:
        offsets = [offset for offset in self.log if offset >= self.fetched][:count]
        for offset, number in zip(offsets, take_in(self.frontier, *offsets), strict=True):
            if number is None:
                assert offset in self.done
            else:
                assert offset not in self.done
                self.in_flight[offset] = number
            self.fetched = offset + 1

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def release_one(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.in_flight)))
        assert self.frontier.release(self.in_flight.pop(offset))
        self.done.add(offset)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def release_the_oldest(self, data: st.DataObject) -> None:
        last = data.draw(st.sampled_from(sorted(self.in_flight)))
        self.frontier.release_oldest(self.in_flight[last])
        for offset in [offset for offset in self.in_flight if offset <= last]:
            del self.in_flight[offset]
            self.done.add(offset)

    @rule()
    def commit(self) -> None:
        self.frontier.settle(self.frontier.position())
        position = self.frontier.to_commit()
        if position is not None:
            self.frontier.confirm(position)
            self.committed = (position, set(self.done))

    @rule()
    def crash_and_begin_at_the_commit(self) -> None:
        position, self.done = self.committed[0], set(self.committed[1])
        carried = decode_metadata(position.offset, encode_metadata(position))
        self.frontier.shut()
        self.frontier.open(carried)
        self.fetched = carried.offset
        self.in_flight = {}

    @invariant()
    def a_position_names_exactly_what_is_done(self) -> None:
        position = self.frontier.position()
        named = {
            offset
            for offset in self.log
            if offset < position.offset
            or any(first <= offset <= last for first, last in position.beyond)
        }
        assert named == self.done
        assert self.frontier.records_in_flight >= len(self.in_flight)


TestRestarts = Restarts.TestCase
