"""Each item has its answer, against a real worker process with a toy model."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from inference import pieces
from inference.client import InferenceClient, InferenceSettings
from inference.errors import (
    UnknownSlot,
)
from inference.messages import Lane
from tests.toys.asking import TOY, ask, check
from tests.toys.hold import Hold
from tests.toys.worker import toy_row

pytestmark = pytest.mark.timeout(60)


async def test_rows_come_in_the_order_of_the_items(client: InferenceClient) -> None:
    texts = [f"{'x' * (n % 40)} text {n}" for n in range(500)]
    answer = await ask(client, *texts)
    check(answer, texts)
    assert answer.model == client.models["toy"]
    assert (answer.queue_ms >= 0).all()
    assert (answer.compute_ms > 0).all()


async def test_many_ask_at_once(client: InferenceClient) -> None:
    asked = [[f"{n} {m}" for m in range(n)] for n in range(40)]
    answers = await asyncio.gather(
        *(ask(client, *texts, lane=Lane(n % 3)) for n, texts in enumerate(asked))
    )
    for answer, texts in zip(answers, asked, strict=True):
        assert answer.rows.shape == (len(texts), 3)
        if texts:
            check(answer, texts)


async def test_more_items_than_the_worker_may_hold(
    settings: InferenceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_ITEMS", 16)
    texts = [f"text {n}" for n in range(100)]
    texts[70] = "poison pill"
    async with InferenceClient(replace(settings, queue_items=20), worker_module=TOY) as client:
        answer = await ask(client, *texts)
    assert list(answer.errors) == [70]
    assert np.isnan(answer.rows[70]).all()
    np.testing.assert_array_equal(answer.rows[71], toy_row("text 71"))


async def test_half_a_character_and_its_mates_have_their_scores(client: InferenceClient) -> None:
    answer = await ask(client, "before", "\ud83d half", "a whole \U0001f600", "after \udc00")
    assert not answer.errors
    np.testing.assert_array_equal(answer.rows[0], toy_row("before"))
    np.testing.assert_array_equal(answer.rows[2], toy_row("a whole \U0001f600"))
    again = await ask(client, "\ud83d half")
    np.testing.assert_array_equal(again.rows[0], answer.rows[1])


async def test_long_texts_are_cut_before_they_travel(settings: InferenceSettings) -> None:
    async with InferenceClient(replace(settings, max_tokens=2), worker_module=TOY) as client:
        answer = await ask(client, "x" * 1_000_000)
        assert answer.rows[0, 0] == 24


async def test_failing_items_stand_alone(client: InferenceClient) -> None:
    texts = ["fine", "poison secret", "nan", "unreadable", "fine too", "poison again", "unknown"]
    answer = await ask(client, *texts)
    codes = {place: error.code for place, error in answer.errors.items()}
    assert codes == {
        1: "model_failed",
        2: "not_a_number",
        3: "not_prepared",
        5: "model_failed",
        6: "unreadable",
    }
    assert not any("secret" in error.reason for error in answer.errors.values())
    assert np.isnan(answer.rows[[1, 2, 3, 5, 6]]).all()
    np.testing.assert_array_equal(answer.rows[[0, 4]], [toy_row("fine"), toy_row("fine too")])


async def test_an_unknown_slot_is_refused(client: InferenceClient) -> None:
    with pytest.raises(UnknownSlot, match="nonsense"):
        await client.ask("nonsense", ["text"], lane=Lane.CHAT)


async def test_a_flood_leaves_room_in_other_lanes(settings: InferenceSettings, hold: Hold) -> None:
    async with InferenceClient(replace(settings, queue_items=2), worker_module=TOY) as client:
        flood = [asyncio.create_task(ask(client, hold.text, "mate")) for _ in range(3)]
        await hold.entered()
        answer = await ask(client, "unreadable", lane=Lane.CHAT)
        assert 0 in answer.errors
        await hold.release()
        await asyncio.gather(*flood)
