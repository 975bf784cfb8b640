"""What becomes of a chunk: outcomes in order, bad records alone, nothing finished unpublished."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.types import TP
from pydantic import TypeAdapter

from inference.errors import WorkerDied
from inference.messages import Answer, Item, ItemError, ModelInfo
from inference.tasks import registry
from schemas.base import Language
from schemas.codec import Decoder
from schemas.events import ReviewEvent
from schemas.letters import MAX_CARRIED_BYTES, DeadLetter
from schemas.masking import Kind
from schemas.results import Outcome, ReviewLabels
from schemas.topics import Topics
from streams.chunks import Record, make_chunks
from streams.delivery import AtLeastOnce, Delivery
from streams.errors import DeliveryLost, StepCancelled, StreamsError
from streams.frontier import Frontier
from streams.gathering import ENOUGH_RECORDS
from streams.handler import Question, Row, answered
from streams.making import Stage
from streams.outgoing import Envelope, Outgoing
from streams.pipeline import MAX_UNSETTLED, Pipeline
from streams.position import Position
from streams.publisher import MAX_REQUEST_BYTES, Publication
from streams.tables import Changes
from streams.testing import MemoryPartition, MemoryPublisher, MemoryRecord
from tests.waiting import until

MODEL = ModelInfo(
    slot="sentiment",
    name="fake",
    hash="0" * 16,
    labels=("negative", "positive"),
    width=2,
    device="cpu",
    dtype="float32",
)


class Model:
    """Answers when it is let; texts in `poison` fail alone."""

    def __init__(self, poison: Sequence[str] = ()) -> None:
        self.models: Mapping[str, ModelInfo] = {"sentiment": MODEL}
        self.poison = poison
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: asyncio.Queue[Sequence[Item]] = asyncio.Queue()

    async def ask(
        self, slot: str, items: Sequence[Item], *, lane: Any, within_s: Any = None
    ) -> Answer:
        self.asked.put_nowait(items)
        await self.may_answer.wait()
        errors = {
            index: ItemError(code="model_failed", reason="the model failed on this text")
            for index, item in enumerate(items)
            if item in self.poison
        }
        zeros = np.zeros(len(items), dtype=np.float32)
        rows = np.full((len(items), 2), 0.5, dtype=np.float32)
        return Answer(rows=rows, errors=errors, queue_ms=zeros, compute_ms=zeros, model=MODEL)


class Handler:
    """Labels every review; ids in `broken` make it fail."""

    spec = registry.task("sentiment")
    deadline_s = math.inf

    def __init__(self, broken: Sequence[str] = ()) -> None:
        self.broken = broken

    def key(self, event: ReviewEvent) -> str:
        return event.user_id

    def prepare(self, event: ReviewEvent, changes: Changes) -> Question:
        return Question(item=event.text)

    def decide(
        self,
        event: ReviewEvent,
        question: Question,
        row: Row | None,
        model: ModelInfo,
        envelope: Envelope,
        changes: Changes,
    ) -> Outgoing:
        if event.review_id in self.broken:
            raise RuntimeError(event.text)
        message = ReviewLabels(
            **envelope.fields(),
            outcome=Outcome.RESULT,
            review_id=event.review_id,
            user_id=event.user_id,
            product_id=event.product_id,
            language=Language.ENGLISH,
            sentiment="positive",
            score=float(answered(row)[1]),
            scores={},
        )
        return Outgoing(topic_id="review-labels", key=event.user_id, message=message)


LABELS: TypeAdapter[ReviewLabels] = TypeAdapter(ReviewLabels)


def review(number: int, text: str = "fine", user: str = "u") -> bytes:
    return orjson.dumps(
        {
            "review_id": f"r{number}",
            "user_id": user,
            "product_id": "p",
            "text": text,
            "created_at": "2026-01-01T00:00:00Z",
        }
    )


class Bench:
    """One pipeline with everything around it in memory."""

    def __init__(
        self,
        model: Model | None = None,
        handler: Handler | None = None,
        delivery: Delivery | None = None,
        masking: Mapping[str, Collection[Kind]] | None = None,
        position: Position | None = None,
    ) -> None:
        self.frontier = Frontier()
        began = position or Position(0)
        self.frontier.open(began)
        self.publisher = MemoryPublisher()
        self.model = model or Model()
        self.partition = MemoryPartition(topic="reviews", next_offset=began.offset)
        stage = Stage(
            handler=handler or Handler(),
            decoder=Decoder(ReviewEvent),
            inference=self.model,
            topics=Topics(),
            masking=masking or {},
        )
        delivery = delivery or AtLeastOnce(self.publisher)
        self.pipeline = Pipeline(stage, TP("reviews", 0), self.frontier, delivery)

    def feed(self, values: Sequence[bytes | None], *, key: bytes = b"k") -> None:
        for chunk in self.partition.chunks(self.frontier, values, key=key):
            self.pipeline.accept(chunk)

    def accept(self, records: Sequence[Record]) -> None:
        """Hand over records that were appended to the partition."""
        offsets = [record.offset for record in records]
        taken = self.frontier.take_in(self.frontier.epoch, offsets, [1] * len(records))
        for chunk in make_chunks(TP("reviews", 0), records, taken or [], self.frontier.epoch):
            self.pipeline.accept(chunk)

    async def finish(self) -> None:
        await until(lambda: self.frontier.is_idle or self.pipeline.failed.done())

    def labels(self) -> list[ReviewLabels]:
        return [LABELS.validate_json(v) for v in self.publisher.values("review-labels")]

    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.model_validate_json(v) for v in self.publisher.values("dead-letters")]


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
    bench = Bench(model=Model(poison=["poison"]))
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
    bench.model.may_answer.clear()
    numbers = range(5 * ENOUGH_RECORDS)
    for first in numbers[::ENOUGH_RECORDS]:
        bench.feed([review(first + n) for n in range(ENOUGH_RECORDS)])
    async with asyncio.timeout(10):
        for _ in range(5):
            await bench.model.asked.get()
    assert bench.publisher.published == []
    bench.model.may_answer.set()
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

    async def defect(
        slot: str, items: Sequence[Item], *, lane: Any, within_s: Any = None
    ) -> Answer:
        raise ZeroDivisionError

    bench.model.ask = defect  # type: ignore[method-assign]
    bench.feed([review(0)])
    bench.feed([review(1)])
    await bench.finish()
    with pytest.raises(ZeroDivisionError):
        bench.pipeline.failed.result()
    assert bench.frontier.to_commit() is None
    assert bench.publisher.published == []


async def test_a_record_that_ends_the_worker_is_found_and_its_neighbours_answered() -> None:
    bench = Bench()
    answer = bench.model.ask

    async def dies(slot: str, items: Sequence[Item], *, lane: Any, within_s: Any = None) -> Answer:
        if "deadly" in items:
            raise WorkerDied("three times")
        return await answer(slot, items, lane=lane)

    bench.model.ask = dies  # type: ignore[method-assign]
    texts = ["fine"] * 5 + ["deadly"] + ["fine"] * 3
    bench.feed([review(number, text) for number, text in enumerate(texts)])
    await bench.finish()
    assert [letter.source.offset for letter in bench.letters()] == [5]
    assert [letter.code for letter in bench.letters()] == ["worker_died"]
    assert [label.review_id for label in bench.labels()] == [f"r{n}" for n in range(9) if n != 5]


async def test_no_record_is_blamed_for_a_worker_that_ends_whatever_it_is_asked() -> None:
    bench = Bench()

    async def dies(slot: str, items: Sequence[Item], *, lane: Any, within_s: Any = None) -> Answer:
        raise WorkerDied("three times")

    bench.model.ask = dies  # type: ignore[method-assign]
    bench.feed([review(0), review(1)])
    await bench.finish()
    with pytest.raises(WorkerDied):
        bench.pipeline.failed.result()
    assert bench.publisher.published == []


async def test_a_customer_who_waits_holds_up_nobody_else_and_keeps_the_order() -> None:
    bench = Bench()
    answer = bench.model.ask
    may_answer_slow = asyncio.Event()

    async def slow(slot: str, items: Sequence[Item], *, lane: Any, within_s: Any = None) -> Answer:
        if "slow" in items:
            await may_answer_slow.wait()
        return await answer(slot, items, lane=lane)

    bench.model.ask = slow  # type: ignore[method-assign]
    bench.feed([review(0, "slow", "a")])
    bench.feed([review(1, "fine", "b"), review(2, "fine", "a"), review(3, "fine", "b")])
    await until(lambda: len(bench.labels()) == 2)
    assert [label.review_id for label in bench.labels()] == ["r1", "r3"]
    assert bench.frontier.to_commit() == Position(0, ((1, 1), (3, 3)))
    may_answer_slow.set()
    await bench.finish()
    assert [label.review_id for label in bench.labels()] == ["r1", "r3", "r0", "r2"]
    assert bench.frontier.to_commit() == Position(4)


class Transactions:
    """A delivery that settles on a clock, and does as it is told."""

    commits_itself = True

    def __init__(self, linger_s: float) -> None:
        self.linger_s = linger_s
        self.sent: list[Publication] = []
        self.settled: list[tuple[int, Position]] = []
        self.may_settle = asyncio.Event()
        self.may_settle.set()
        self.failure: StreamsError | None = None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, publications: Iterable[Publication]) -> None:
        self.sent += publications

    async def settle(self, position: Position) -> Mapping[TP, int]:
        await self.may_settle.wait()
        if self.failure is not None:
            raise self.failure
        self.settled.append((len(self.sent), position))
        return {}


async def test_after_a_pause_it_is_settled_at_once_and_then_by_the_clock() -> None:
    delivery = Transactions(linger_s=3600)
    bench = Bench(delivery=delivery)
    bench.feed([review(0), review(1)])
    await bench.finish()
    assert delivery.settled == [(2, Position(2))]
    bench.feed([review(2)])
    await until(lambda: len(delivery.sent) == 3)
    assert delivery.settled == [(2, Position(2))]
    await bench.pipeline.stop()


async def test_many_records_are_settled_before_the_clock() -> None:
    delivery = Transactions(linger_s=3600)
    bench = Bench(delivery=delivery)
    bench.feed([review(0)])
    await bench.finish()
    bench.feed([review(number) for number in range(1, MAX_UNSETTLED + 2)])
    await until(lambda: len(delivery.settled) == 2)
    assert delivery.settled[1][0] >= MAX_UNSETTLED
    await bench.pipeline.stop()


async def test_what_is_settled_before_the_clock_stops_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One left running would settle the next ones early, whose clock the one after, and so on."""
    loop, clocks = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    set_clock = loop.call_at

    def note(when: float, *more: Any, **kw: Any) -> asyncio.TimerHandle:
        clocks.append(set_clock(when, *more, **kw))
        return clocks[-1]

    monkeypatch.setattr(loop, "call_at", note)
    delivery = Transactions(linger_s=3600)
    bench = Bench(delivery=delivery)
    bench.feed([review(0)])
    await bench.finish()
    bench.feed([review(number) for number in range(1, MAX_UNSETTLED + 200)])
    await until(lambda: len(delivery.sent) == MAX_UNSETTLED + 200)
    in_an_hour = [clock for clock in clocks if clock.when() > loop.time() + 1800]
    assert len(delivery.settled) == 2
    assert [clock.cancelled() for clock in in_an_hour] == [True, False]
    await bench.pipeline.stop()
    assert in_an_hour[-1].cancelled()


async def test_what_is_done_beyond_a_record_that_waits_is_settled_too() -> None:
    delivery = Transactions(linger_s=0.01)
    bench = Bench(delivery=delivery)
    answer = bench.model.ask
    never = asyncio.Event()

    async def slow(slot: str, items: Sequence[Item], *, lane: Any, within_s: Any = None) -> Answer:
        if "slow" in items:
            await never.wait()
        return await answer(slot, items, lane=lane)

    bench.model.ask = slow  # type: ignore[method-assign]
    bench.feed([review(0, "slow", "a")])
    bench.feed([review(1, "fine", "b")])
    await until(lambda: delivery.settled)
    assert delivery.settled == [(1, Position(0, ((1, 1),)))]
    await bench.pipeline.stop()


async def test_a_transaction_that_broke_ends_the_pipeline_and_settles_nothing() -> None:
    delivery = Transactions(linger_s=0)
    delivery.failure = DeliveryLost("told to")
    bench = Bench(delivery=delivery)
    bench.feed([review(0)])
    await bench.finish()
    with pytest.raises(DeliveryLost):
        bench.pipeline.failed.result()
    assert not bench.frontier.is_idle


class CancellingDelivery(AtLeastOnce):
    """A client may answer with a cancellation that was meant for a task of its own."""

    async def send(self, publications: Iterable[Publication]) -> None:
        raise asyncio.CancelledError


async def test_a_step_that_is_cancelled_from_within_is_a_failure_and_no_silence() -> None:
    bench = Bench(delivery=CancellingDelivery(MemoryPublisher()))
    bench.feed([review(0)])
    await bench.finish()
    assert isinstance(bench.pipeline.failed.exception(), StepCancelled)


class LingeringDelivery(AtLeastOnce):
    """Settles on a clock."""

    linger_s = 0.1


async def test_a_clock_that_strikes_early_settles_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some loops round their timers, so that one fires before its time is there."""
    loop = asyncio.get_running_loop()
    on_time = loop.call_at
    monkeypatch.setattr(
        loop, "call_at", lambda when, *more, **kw: on_time(when - 0.05, *more, **kw)
    )
    bench = Bench(delivery=LingeringDelivery(MemoryPublisher()))
    bench.feed([review(0)])
    await bench.finish()
    bench.feed([review(1)])  # at once after a settling: this one waits for the clock
    await bench.finish()
    assert bench.frontier.to_commit() == Position(2)
