"""What is kept of a model is computed anew when another one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inference.errors import QueueFull
from inference.messages import Answer
from inference.tasks.purchases import History, Purchase
from inference.testing import FakeInference
from schemas.reference import CatalogueItem, KnowledgeEntry
from streams.state import COUNTED_AT_ONCE, State


def make_state(inference: FakeInference) -> State:
    no_table: Any = None
    return State(
        purchases=no_table,
        orders=no_table,
        sessions=no_table,
        query_languages=no_table,
        review_languages=no_table,
        inference=inference,
    )


class Purchases:
    """A table of customers who each bought two things."""

    def __init__(self, customers: int) -> None:
        self.customers = customers

    def stored_values(self) -> Iterator[dict[str, Any]]:
        for number in range(self.customers):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
            once = Purchase(at=at, order_id="o", products=("kettle", f"p{number % 100}"))
            yield History(purchases=(once,)).to_json()


async def test_demand_is_counted_anew_and_others_have_their_turn() -> None:
    state = make_state(FakeInference({"recommend": (), "intent": ()}))
    table: Any = Purchases(5 * COUNTED_AT_ONCE)
    state.purchases, before, turns = table, state.demand, 0
    counting = asyncio.ensure_future(state.restored())
    while not counting.done():
        assert state.demand is before  # until all is counted
        turns += 1
        await asyncio.sleep(0)
    assert turns >= 5
    assert state.demand.most_wanted(1) == ["kettle"]
    assert len(state.demand.most_wanted(200)) == 101
    table.customers = 0
    await state.restored()
    assert state.demand.most_wanted(1) == []


def item(number: int) -> CatalogueItem:
    return CatalogueItem(product_id=f"p{number}", title=f"thing {number}")


async def test_vectors_of_the_model_before_are_compared_with_none_of_the_next() -> None:
    fake = FakeInference({"recommend": (), "intent": ("greeting", "refund")})
    state = make_state(fake)
    await state.apply_catalogue([(f"p{n}", item(n)) for n in range(3)])
    old = fake.models["recommend"]
    assert state.fits_catalogue(old)
    await fake.load("recommend", "next")
    new = await fake.swap("recommend")
    assert not state.fits_catalogue(new)
    await state.model_changed("recommend")
    assert state.fits_catalogue(new)
    assert not state.fits_catalogue(old)  # an answer that was on its way
    assert len(state.catalogue) == 3


async def test_an_item_that_comes_while_models_change_renews_all() -> None:
    fake = FakeInference({"recommend": (), "intent": ("greeting", "refund")})
    state = make_state(fake)
    await state.apply_catalogue([("p0", item(0))])
    await fake.load("recommend", "next")
    new = await fake.swap("recommend")
    await state.apply_catalogue([("p1", item(1))])
    assert state.fits_catalogue(new)
    assert len(state.catalogue) == 2


async def test_intents_that_the_model_found_are_found_anew() -> None:
    fake = FakeInference({"recommend": (), "intent": ("greeting", "refund")})
    state = make_state(fake)
    entry = KnowledgeEntry(entry_id="e", question="May I return it?", answer="Yes.")
    await state.apply_knowledge([("e", entry)])
    asked = len(fake.asked)
    await state.model_changed("intent")
    assert [one.items for one in fake.asked[asked:]] == [("May I return it?",)]
    await state.apply_knowledge([("e", None)])
    await state.model_changed("intent")
    assert len(fake.asked) == asked + 1


ENTRY = KnowledgeEntry(entry_id="e", question="May I return it?", answer="Yes.")


async def test_an_entry_waits_while_the_models_have_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeInference({"recommend": (), "intent": ("greeting", "refund")})
    state, ask, refusals = make_state(fake), fake.ask, [QueueFull("no room")]

    async def full_at_first(*args: Any, **kw: Any) -> Answer:
        if refusals:
            raise refusals.pop()
        return await ask(*args, **kw)

    monkeypatch.setattr(fake, "ask", full_at_first)
    await state.apply_knowledge([("e", ENTRY)])
    assert len(state.knowledge) == 1


async def test_an_entry_taken_out_while_models_change_does_not_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeInference({"recommend": (), "intent": ("greeting", "refund")})
    state, ask = make_state(fake), fake.ask
    await state.apply_knowledge([("e", ENTRY)])
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(*args: Any, **kw: Any) -> Answer:
        asked.set()
        await may_answer.wait()
        return await ask(*args, **kw)

    monkeypatch.setattr(fake, "ask", slow)
    changing = asyncio.create_task(state.model_changed("intent"))
    await asked.wait()
    taking_out = asyncio.create_task(state.apply_knowledge([("e", None)]))
    await asyncio.sleep(0)
    may_answer.set()
    await asyncio.gather(changing, taking_out)
    assert len(state.knowledge) == 0
