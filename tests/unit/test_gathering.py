"""Records that come one by one are asked together, and none waits where nothing is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks import registry
from inference.testing import FakeInference
from schemas.codec import Decoder
from streams.chunks import MAX_CHUNK_RECORDS, Chunk
from streams.frontier import Frontier
from streams.gathering import ASKED, ENOUGH_RECORDS, Gathering
from streams.position import Position
from streams.testing import MemoryPartition
from tests.pipeline_bench import Bench, Handler, review
from tests.waiting import until


class Feed:
    def __init__(self) -> None:
        self.frontier = Frontier()
        self.frontier.open(Position(0))
        self.partition = MemoryPartition(topic="reviews")

    def chunk(self, count: int) -> Chunk:
        (chunk,) = self.partition.chunks(self.frontier, [b""] * count)
        return chunk


def test_where_nothing_is_asked_nothing_waits() -> None:
    gathering, feed = Gathering(), Feed()
    chunk = feed.chunk(1)
    gathering.add(chunk)
    assert gathering.take() is chunk
    assert gathering.take() is None


def test_what_comes_while_others_are_asked_goes_together() -> None:
    gathering, feed = Gathering(), Feed()
    for _ in range(ASKED):
        gathering.asked()
    chunks = [feed.chunk(count) for count in (2, 1, 3)]
    for chunk in chunks:
        gathering.add(chunk)
        assert gathering.take() is None
    gathering.answered()
    joined = gathering.take()
    assert joined is not None
    assert (joined.tp, joined.epoch, joined.first) == (chunks[0].tp, chunks[0].epoch, 0)
    assert [record.offset for record in joined.records] == list(range(6))


def test_who_are_enough_wait_for_nobody() -> None:
    gathering, feed = Gathering(), Feed()
    for _ in range(ASKED):
        gathering.asked()
    gathering.add(feed.chunk(ENOUGH_RECORDS - 1))
    assert gathering.take() is None
    gathering.add(feed.chunk(1))
    assert gathering.take() is not None


steps = st.lists(st.integers(1, MAX_CHUNK_RECORDS) | st.sampled_from(["answered"]), max_size=40)


@given(steps)
def test_each_record_is_taken_once_and_in_order(events: list[int | str]) -> None:
    gathering, feed, asked = Gathering(), Feed(), 0
    seen: list[int] = []
    for event in [*events, *["answered"] * len(events)]:
        if isinstance(event, int):
            gathering.add(feed.chunk(event))
        elif asked:
            asked -= 1
            gathering.answered()
        while (chunk := gathering.take()) is not None:
            assert len(chunk.records) <= MAX_CHUNK_RECORDS
            assert chunk.first == len(seen)
            seen += [record.offset for record in chunk.records]
            asked += 1
            gathering.asked()
    assert seen == list(range(feed.frontier.next_offset))


runs = st.lists(st.integers(1, 60), max_size=8, unique=True).map(
    lambda starts: tuple((100 + 2 * start, 100 + 2 * start) for start in sorted(starts))
)


@given(runs, st.integers(1, 130), st.integers(0, 3))
def test_after_a_restart_records_keep_their_numbers(
    done: tuple[tuple[int, int], ...], count: int, size: int
) -> None:
    """What an earlier owner did beyond the position has numbers in the ledger, too."""
    frontier, partition = Frontier(), MemoryPartition(topic="reviews")
    frontier.open(Position(100, done))
    partition.next_offset = 100
    gathering = Gathering()
    for _ in range(ASKED):
        gathering.asked()
    for _ in range(0, count, size + 1):
        for chunk in partition.chunks(frontier, [b""] * (size + 1)):
            gathering.add(chunk)
    gathering.hurry()
    taken = set(range(100, partition.next_offset)) - {offset for offset, _ in done}
    while (joined := gathering.take()) is not None:
        for place, record in enumerate(joined.records):
            frontier.release(joined.first + place)
            taken.remove(record.offset)
    assert not taken
    assert frontier.position().offset >= partition.next_offset


@pytest.mark.parametrize("count", [7, 12])
async def test_a_restarted_pipeline_finishes_all(count: int) -> None:
    bench = Bench(position=Position(100, ((101, 101), (103, 103), (105, 105), (107, 107))))
    bench.model.gate.clear()
    for number in range(100, 100 + count):
        bench.feed([review(number, user=f"u{number}")])
    bench.model.gate.set()
    await bench.finish()
    assert bench.frontier.is_idle
    offsets = [label.source.offset for label in bench.labels()]
    assert sorted(offsets) == [n for n in range(100, 100 + count) if n not in (101, 103, 105, 107)]


async def test_a_pipeline_asks_for_what_came_meanwhile_at_once() -> None:
    bench = Bench()
    bench.model.gate.clear()
    for number in range(ASKED + 5):
        bench.feed([review(number, text=f"text {number}")])
    bench.model.gate.set()
    await bench.finish()
    asked = [len(one.items) for one in bench.model.asked]
    assert asked == [1] * ASKED + [5]
    assert [label.review_id for label in bench.labels()] == [f"r{n}" for n in range(ASKED + 5)]


async def test_nobody_waits_for_long_for_what_is_tried_again_and_again() -> None:
    bench = Bench()
    bench.model.gate.clear()
    for number in range(ASKED + 1):
        bench.feed([review(number)])
    await until(lambda: len(bench.model.asked) == ASKED + 1)
    await bench.pipeline.stop()


async def test_a_defect_while_what_waited_is_begun_ends_the_pipeline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError

    bench = Bench()
    bench.model.gate.clear()
    for number in range(ASKED):
        bench.feed([review(number)])
    monkeypatch.setattr(Decoder, "decode_many", defect)
    bench.feed([review(ASKED)])
    await until(bench.pipeline.failed.done)
    assert isinstance(bench.pipeline.failed.exception(), ZeroDivisionError)
    await bench.pipeline.stop()


class ChatHandler(Handler):
    spec = registry.task("reply")


async def test_a_customers_message_waits_for_nobody_elses() -> None:
    model = FakeInference({ChatHandler.spec.slot: ("negative", "positive")})
    bench = Bench(model=model, handler=ChatHandler())
    model.gate.clear()
    for number in range(ASKED + 5):
        bench.feed([review(number)])
    await until(lambda: len(model.asked) == ASKED + 5)
    await bench.pipeline.stop()
