"""What is kept of a model is computed anew when another one answers."""

from __future__ import annotations

from typing import Any

from inference.testing import FakeInference
from schemas.reference import CatalogueItem, KnowledgeEntry
from streams.state import State


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
