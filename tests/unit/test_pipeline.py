"""What becomes of a chunk: outcomes in order, bad records alone, nothing finished unpublished."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder

from inference.errors import WorkerDied
from inference.messages import Answer
from inference.testing import Asked
from schemas.letters import MAX_CARRIED_BYTES
from schemas.topics import Topics
from streams.delivery import AtLeastOnce
from streams.errors import StepCancelled
from streams.gathering import ENOUGH_RECORDS
from streams.position import Position
from streams.publisher import MAX_REQUEST_BYTES, Publication
from streams.testing import MemoryPublisher, MemoryRecord
from tests.pipeline_bench import Bench, Handler, fake, review
from tests.waiting import until


async def test_every_record_has_one_outcome_with_its_place() -> None:
    bench = Bench()
    bench.feed([review(0), review(1)])
    await bench.finish()
    assert [label.result_id for label in bench.labels()] == [
        "reviews-0-0-sentiment",
        "reviews-0-1-sentiment",
    ]
    assert bench.frontier.to_commit() == Position(2)


async def test_bad_records_are_alone_in_the_dead_letters() -> None:
    bench = Bench()
    bench.feed([review(0), b"{", None, review(3), b"\xff\xfe"])
    await bench.finish()
    assert [label.review_id for label in bench.labels()] == ["r0", "r3"]
    letters = bench.letters()
    assert [letter.code for letter in letters] == ["not_json", "null_value", "not_utf8"]
    assert [letter.raw_value() for letter in letters] == [b"{", None, b"\xff\xfe"]
    assert [letter.source.offset for letter in letters] == [1, 2, 4]
    assert bench.frontier.to_commit() == Position(5)


@pytest.mark.parametrize(
    ("key", "headers"),
    [
        (b"k" * 1_000_000, []),
        (None, [("trace", b"x" * 1_000_000)]),
        (b"k" * 90_000, [("\x01" * 20_000, None)]),
        (b"k", [("", b"")] * 500_000),
        (b"k" * 60_000, [("trace", b"x" * 30_000)]),
    ],
)
async def test_a_dead_letter_fits_into_its_topic_however_large_key_and_headers_are(
    key: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    bench = Bench()
    (record,) = bench.partition.append([b"{" * MAX_CARRIED_BYTES], key=key)
    assert isinstance(record, MemoryRecord)
    record.headers = headers
    bench.accept([record])
    await bench.finish()
    (sent,), (letter,) = bench.publisher.published, bench.letters()
    batch = BatchBuilder(MAX_REQUEST_BYTES, 0)
    batch.append(timestamp=0, key=sent.key, value=sent.value, headers=list(sent.headers))
    assert len(batch._build()) <= Topics()["dead-letters"].max_message_bytes
    if letter.left_out_bytes:
        assert letter.left_out_bytes >= len(key or b"") + len(headers)
        assert (sent.key, sent.headers, letter.raw_key(), letter.headers) == (None, (), None, ())
    else:
        assert (sent.key, list(sent.headers)) == (key, headers)
        assert (letter.raw_key(), len(letter.headers)) == (key, len(headers))


async def test_a_text_that_breaks_the_model_is_alone_in_the_dead_letters() -> None:
    bench = Bench(model=fake(poison=["poison"]))
    bench.feed([review(0), review(1, "poison"), review(2)])
    await bench.finish()
    assert [label.review_id for label in bench.labels()] == ["r0", "r2"]
    assert [letter.code for letter in bench.letters()] == ["model_failed"]


async def test_an_event_that_breaks_its_task_is_alone_and_repeats_nothing_of_its_text() -> None:
    bench = Bench(handler=Handler(broken=["r1"]))
    bench.feed([review(0), review(1, "call me on 555 0100"), review(2)])
    await bench.finish()
    (letter,) = bench.letters()
    assert letter.code == "task_failed"
    assert "555" not in f"{letter.reason} {letter.detail}"
    assert [label.review_id for label in bench.labels()] == ["r0", "r2"]


async def test_chunks_overlap_in_the_model_and_leave_in_order() -> None:
    bench = Bench()
    bench.model.gate.clear()
    numbers = range(5 * ENOUGH_RECORDS)
    for first in numbers[::ENOUGH_RECORDS]:
        bench.feed([review(first + n) for n in range(ENOUGH_RECORDS)])
    async with asyncio.timeout(10):
        for _ in range(5):
            await bench.model.arrived.get()
    assert bench.publisher.published == []
    bench.model.gate.set()
    await bench.finish()
    assert [label.review_id for label in bench.labels()] == [f"r{n}" for n in numbers]


async def test_the_frontier_waits_for_the_confirmation() -> None:
    bench = Bench()
    bench.publisher.failures_to_come = 2
    bench.feed([review(0)])
    await asyncio.sleep(0)
    assert bench.frontier.to_commit() is None
    await bench.finish()
    assert bench.publisher.failures_to_come == 0
    assert bench.frontier.to_commit() == Position(1)
    assert len(bench.labels()) == 1


async def test_a_defect_of_ours_ends_the_pipeline_and_finishes_nothing() -> None:
    bench = Bench()

    async def defect(asked: Asked) -> Answer:
        raise ZeroDivisionError

    bench.model.answer = defect  # type: ignore[method-assign]
    bench.feed([review(0)])
    bench.feed([review(1)])
    await bench.finish()
    with pytest.raises(ZeroDivisionError):
        bench.pipeline.failed.result()
    assert bench.frontier.to_commit() is None
    assert bench.publisher.published == []


async def test_a_record_that_ends_the_worker_is_found_and_its_neighbours_answered() -> None:
    bench = Bench()
    answer = bench.model.answer

    async def dies(asked: Asked) -> Answer:
        if "deadly" in asked.items:
            raise WorkerDied("three times")
        return await answer(asked)

    bench.model.answer = dies  # type: ignore[method-assign]
    texts = ["fine"] * 5 + ["deadly"] + ["fine"] * 3
    bench.feed([review(number, text) for number, text in enumerate(texts)])
    await bench.finish()
    assert [letter.source.offset for letter in bench.letters()] == [5]
    assert [letter.code for letter in bench.letters()] == ["worker_died"]
    assert [label.review_id for label in bench.labels()] == [f"r{n}" for n in range(9) if n != 5]


async def test_no_record_is_blamed_for_a_worker_that_ends_whatever_it_is_asked() -> None:
    bench = Bench()

    async def dies(asked: Asked) -> Answer:
        raise WorkerDied("three times")

    bench.model.answer = dies  # type: ignore[method-assign]
    bench.feed([review(0), review(1)])
    await bench.finish()
    with pytest.raises(WorkerDied):
        bench.pipeline.failed.result()
    assert bench.publisher.published == []


async def test_a_customer_who_waits_holds_up_nobody_else_and_keeps_the_order() -> None:
    bench = Bench()
    answer = bench.model.answer
    may_answer_slow = asyncio.Event()

    async def slow(asked: Asked) -> Answer:
        if "slow" in asked.items:
            await may_answer_slow.wait()
        return await answer(asked)

    bench.model.answer = slow  # type: ignore[method-assign]
    bench.feed([review(0, "slow", "a")])
    bench.feed([review(1, "fine", "b"), review(2, "fine", "a"), review(3, "fine", "b")])
    await until(lambda: len(bench.labels()) == 2)
    assert [label.review_id for label in bench.labels()] == ["r1", "r3"]
    assert bench.frontier.to_commit() == Position(0, ((1, 1), (3, 3)))
    may_answer_slow.set()
    await bench.finish()
    assert [label.review_id for label in bench.labels()] == ["r1", "r3", "r0", "r2"]
    assert bench.frontier.to_commit() == Position(4)


class CancellingDelivery(AtLeastOnce):
    """A client may answer with a cancellation that was meant for a task of its own."""

    async def send(self, publications: Iterable[Publication]) -> None:
        raise asyncio.CancelledError


async def test_a_step_that_is_cancelled_from_within_is_a_failure_and_no_silence() -> None:
    bench = Bench(delivery=CancellingDelivery(MemoryPublisher()))
    bench.feed([review(0)])
    await bench.finish()
    assert isinstance(bench.pipeline.failed.exception(), StepCancelled)
