"""Gate, epoch and ledger of a partition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from streams.frontier import Frontier, Span


def span(first: int, last: int) -> Span:
    return Span(first=first, last=last, records=last - first + 1, size=10 * (last - first + 1))


def opened(start: int = 0) -> Frontier:
    frontier = Frontier()
    frontier.open(start)
    return frontier


def test_a_shut_gate_lets_nothing_pass() -> None:
    frontier = Frontier()
    assert frontier.fresh(frontier.epoch, [0, 1]) is None
    frontier.open(0)
    frontier.shut()
    assert frontier.fresh(frontier.epoch, [0, 1]) is None


def test_a_fetch_that_began_in_another_epoch_is_nobodys() -> None:
    frontier = opened()
    before = frontier.epoch
    frontier.shut()
    frontier.open(0)
    assert frontier.fresh(before, [0, 1]) is None
    assert frontier.fresh(frontier.epoch, [0, 1]) == 0


def test_records_below_the_next_offset_are_trimmed() -> None:
    frontier = opened(5)
    assert frontier.fresh(frontier.epoch, [3, 4, 5, 9]) == 2
    assert frontier.fresh(frontier.epoch, [3, 4]) is None


def test_the_frontier_waits_for_the_earliest_span() -> None:
    frontier = opened()
    first, second = span(0, 4), span(5, 9)
    frontier.take_in(first)
    frontier.take_in(second)
    frontier.finish(second)
    assert frontier.to_commit() is None
    frontier.finish(first)
    assert frontier.to_commit() == 10


def test_a_commit_that_failed_is_wanted_again() -> None:
    frontier = opened()
    frontier.take_in(span(0, 4))
    frontier.finish(span(0, 4))
    assert frontier.to_commit() == 5
    assert frontier.to_commit() == 5
    frontier.confirm(5)
    assert frontier.to_commit() is None


def test_gaps_left_by_compaction_do_not_hold_the_frontier() -> None:
    frontier = opened()
    gapped = Span(first=3, last=17, records=2, size=20)
    frontier.take_in(gapped)
    frontier.finish(gapped)
    assert frontier.to_commit() == 18


def test_what_was_in_flight_is_forgotten_when_the_partition_is_opened_again() -> None:
    frontier = opened()
    frontier.take_in(span(0, 4))
    frontier.open(0)
    assert frontier.is_idle
    assert frontier.records_in_flight == 0
    assert frontier.to_commit() is None


def test_offsets_taken_in_twice_are_refused() -> None:
    frontier = opened()
    frontier.take_in(span(0, 4))
    with pytest.raises(ValueError, match="offset 4 was taken in"):
        frontier.take_in(span(4, 6))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_any_order_of_finishing_ends_at_the_end(sizes: list[int], order: object) -> None:
    frontier = opened()
    spans = []
    for size in sizes:
        spans.append(span(frontier.next_offset, frontier.next_offset + size - 1))
        frontier.take_in(spans[-1])
    order.shuffle(spans)  # type: ignore[attr-defined]
    for done in spans:
        frontier.finish(done)
    assert frontier.to_commit() == sum(sizes)
    assert frontier.is_idle
    assert (frontier.records_in_flight, frontier.bytes_in_flight) == (0, 0)


class Model(RuleBasedStateMachine):
    """The frontier beside a naive list of what is not done."""

    spans = Bundle("spans")

    def __init__(self) -> None:
        super().__init__()
        self.frontier = opened()
        self.pending: list[Span] = []
        self.committed = 0

    @rule(target=spans, gap=st.integers(0, 3), size=st.integers(1, 5))
    def take_in(self, gap: int, size: int) -> Span:
        first = self.frontier.next_offset + gap
        taken = span(first, first + size - 1)
        self.frontier.take_in(taken)
        self.pending.append(taken)
        return taken

    @rule(done=consumes(spans))
    def finish(self, done: Span) -> None:
        if done in self.pending:
            self.frontier.finish(done)
            self.pending.remove(done)

    @rule()
    def commit(self) -> None:
        offset = self.frontier.to_commit()
        if offset is not None:
            self.frontier.confirm(offset)
            assert offset > self.committed
            self.committed = offset

    @rule()
    def lose_partition_and_get_it_back(self) -> None:
        self.frontier.shut()
        self.frontier.open(self.committed)
        self.pending.clear()

    @invariant()
    def nothing_unfinished_is_below_the_frontier(self) -> None:
        offset = self.frontier.to_commit()
        if offset is not None:
            assert all(offset <= pending.first for pending in self.pending)

    @invariant()
    def sizes_cover_what_is_pending(self) -> None:
        assert self.frontier.records_in_flight >= sum(p.records for p in self.pending)
        assert self.frontier.is_idle or self.pending


TestModel = Model.TestCase
