"""A hundred thousand records, most of them spoiled: each good one its result, each bad its letter.

What is good is not the decoder's to say: the generator knows what it did, and where that may have
left a record whole, the model is asked about it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pytest

from schemas.base import Message
from schemas.codec import Decoder
from schemas.errors import DecodeError
from schemas.events import OrderEvent, QueryEvent, ReviewEvent
from schemas.letters import MAX_CARRIED_BYTES, DeadLetter
from schemas.results import ReviewLabels
from tests.fuzz import Fuzzed, is_valid, records
from tests.pipeline_bench import Bench

pytestmark = pytest.mark.timeout(240)

COUNT = 100_000
BATCH = 2_000
CHUNK = 64


def batches(fuzzed: Iterator[Fuzzed], size: int) -> Iterator[list[Fuzzed]]:
    while batch := list(islice(fuzzed, size)):
        yield batch


def verdict(model: type[Message], one: Fuzzed) -> bool:
    return is_valid(model, one.value) if one.good is None else one.good


@pytest.mark.parametrize(
    ("model", "count"), [(ReviewEvent, COUNT), (QueryEvent, COUNT // 4), (OrderEvent, COUNT // 4)]
)
def test_the_decoder_takes_the_good_ones_and_no_others(model: type[Message], count: int) -> None:
    decoder = Decoder(model)
    taken = 0
    for batch in batches(records(model, count, seed=2026), CHUNK):
        decoded = decoder.decode_many([one.value for one in batch])
        for one, event in zip(batch, decoded, strict=True):
            assert verdict(model, one) is not isinstance(event, DecodeError), one
            taken += not isinstance(event, DecodeError)
    assert count // 5 < taken < count // 2


async def test_the_pipeline_answers_the_good_ones_and_buries_the_others() -> None:
    bench = Bench()
    for number, batch in enumerate(batches(records(ReviewEvent, COUNT, seed=4711), BATCH)):
        values = [one.value for one in batch]
        for start in range(0, BATCH, CHUNK):
            bench.feed(values[start : start + CHUNK])
        await bench.finish()
        assert not bench.pipeline.failed.done(), bench.pipeline.failed
        check(bench, number * BATCH, batch)
        bench.publisher.published.clear()
        bench.partition.records.clear()
    await bench.pipeline.stop()


def check(bench: Bench, first: int, batch: Sequence[Fuzzed]) -> None:
    """Compare a batch's outcomes with what it was made of."""
    labels = {label.source.offset: label for label in bench.labels()}
    letters = {letter.source.offset: letter for letter in bench.letters()}
    assert len(bench.publisher.published) == len(batch)
    for offset, one in enumerate(batch, start=first):
        if verdict(ReviewEvent, one):
            check_label(labels[offset], one)
        else:
            check_letter(letters[offset], one)


def check_label(label: ReviewLabels, one: Fuzzed) -> None:
    event = ReviewEvent.model_validate_json(one.value or b"")
    assert (label.review_id, label.user_id) == (event.review_id, event.user_id)


def check_letter(letter: DeadLetter, one: Fuzzed) -> None:
    assert letter.code != "task_failed", one
    whole = one.value
    assert letter.raw_value() == (None if whole is None else whole[:MAX_CARRIED_BYTES])
    assert letter.value_bytes == len(whole or b"")
