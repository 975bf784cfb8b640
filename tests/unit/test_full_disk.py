"""A disk that is full while events come: what was published is stored as soon as there is room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from inference.messages import ModelInfo
from schemas.events import ReviewEvent
from streams.errors import StoreFull
from streams.handler import Question, Row
from streams.outgoing import Envelope, Outgoing
from streams.position import Position
from streams.tables import Changes, ChunkTable
from tests.pipeline_bench import Bench, Handler, review
from tests.waiting import until


class FullTable:
    """What a pipeline asks of a table, on a disk that is full at first."""

    def __init__(self, name: str, is_full: bool) -> None:
        self.changelog_name = f"{name}-changelog"
        self.is_full = is_full
        self.tries = 0
        self.kept: dict[str, Any] = {}

    def stored(self, key: str, partition: int) -> Any:
        return self.kept.get(key)

    def store(self, values: Mapping[str, Any], partition: int, offset: int) -> None:
        self.tries += 1
        if self.is_full:
            raise StoreFull("no space left on device")
        self.kept |= values


class CountingHandler(Handler):
    """Counts the reviews of an author, in each of its tables."""

    def __init__(self, *tables: FullTable) -> None:
        super().__init__()
        self._tables = [cast(ChunkTable, table) for table in tables]

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        for table in self._tables:
            changes.put(table, event.user_id, (changes.get(table, event.user_id) or 0) + 1)
        return super().decide(event, question, row, model, envelope, changes)


async def test_writes_wait_for_room_and_nothing_is_lost_or_repeated() -> None:
    table = FullTable("counts", is_full=True)
    bench = Bench(handler=CountingHandler(table))
    with capture_logs() as said:
        bench.feed([review(0), review(1)])
        await until(lambda: table.tries > 1)
        assert not bench.pipeline.failed.done()
        assert bench.frontier.to_commit() != Position(2)
        bench.feed([review(2)])
        table.is_full = False
        await bench.finish()
    assert table.kept == {"u": 3}
    assert [label.review_id for label in bench.labels()] == ["r0", "r1", "r2"]
    assert bench.frontier.to_commit() == Position(3)
    assert {(one["action"], one["error"]) for one in said} == {("retry", "no space left on device")}


@pytest.mark.parametrize("full", [0, 1])
async def test_what_is_stored_by_half_is_stored_whole_and_counted_once(full: int) -> None:
    """The first of two tables took the writes, or will; events read both as they will be."""
    tables = [FullTable(f"counts-{number}", is_full=number == full) for number in range(2)]
    bench = Bench(handler=CountingHandler(*tables))
    bench.feed([review(0), review(1)])
    await until(lambda: tables[full].tries > 1)
    assert [table.kept for table in tables] == [{} if full == 0 else {"u": 2}, {}]
    assert bench.frontier.to_commit() != Position(2)
    bench.feed([review(2)])
    tables[full].is_full = False
    await bench.finish()
    assert [table.kept for table in tables] == [{"u": 3}] * 2
    assert [label.review_id for label in bench.labels()] == ["r0", "r1", "r2"]
    assert bench.frontier.to_commit() == Position(3)
