"""What the tasks remember: tables by customer, reference data, demand.

| table              | key        | value                            | written by |
| ------------------ | ---------- | -------------------------------- | ---------- |
| `purchases`        | user_id    | bought items, most recent last   | orders     |
| `orders`           | user_id    | facts of the latest orders       | orders     |
| `sessions`         | session_id | the conversation's last turns    | queries    |
| `query-languages`  | user_id    | the language last written in     | queries    |
| `review-languages` | user_id    | the same                         | reviews    |

One source writes a table, so that the changelog's order is the partition's order. Reference data
is the same in every worker; demand is each worker's own, counted from its purchases. What is taken
in a second time, after a transaction broke, counts twice there until the next rebalance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain, islice

from inference.client import Inference
from inference.messages import Answer, Lane, ModelInfo
from inference.tasks.catalogue import Catalogue, item_text
from inference.tasks.demand import Demand
from inference.tasks.knowledge import KnowledgeBase, likely_intents
from inference.tasks.purchases import stored_purchases
from schemas.base import Language
from schemas.reference import CatalogueItem, KnowledgeEntry
from streams.faust_app import ShopApp, create_table
from streams.reference import Change
from streams.retries import again
from streams.tables import Changes, ChunkTable

INTENT_SLOT = "intent"
RECOMMEND_SLOT = "recommend"
COUNTED_AT_ONCE = 500
"""Customers whose purchases are counted while nothing else runs."""


class State:
    """All that handlers read and write beside their event."""

    def __init__(
        self,
        *,
        purchases: ChunkTable,
        orders: ChunkTable,
        sessions: ChunkTable,
        query_languages: ChunkTable,
        review_languages: ChunkTable,
        inference: Inference,
    ) -> None:
        self.purchases = purchases
        self.orders = orders
        self.sessions = sessions
        self.query_languages = query_languages
        self.review_languages = review_languages
        self.catalogue = Catalogue(inference.models[RECOMMEND_SLOT].width)
        self._vectors_of = inference.models[RECOMMEND_SLOT].hash  # whose vectors those are
        self._catalogue_turn = asyncio.Lock()
        self._knowledge_turn = asyncio.Lock()
        self._without_intent: dict[str, KnowledgeEntry] = {}  # the model finds theirs
        self.knowledge = KnowledgeBase()
        self.demand = Demand()
        self._inference = inference

    async def restored(self) -> None:
        """Count demand anew: the tables hold other partitions than before."""
        demand, histories = Demand(), self.purchases.stored_values()
        while some := list(islice(histories, COUNTED_AT_ONCE)):
            demand.add(chain.from_iterable(map(stored_purchases, some)))
            await asyncio.sleep(0)  # others have their turn: it may take a second
        self.demand = demand

    def language(self, user_id: str, changes: Changes) -> Language:
        """Return the language that a customer writes to us in, as far as it is known."""
        tables = (self.query_languages, self.review_languages)
        known = (changes.get(table, user_id) for table in tables)
        return Language(next(filter(None, known), Language.ENGLISH))

    def fits_catalogue(self, model: ModelInfo) -> bool:
        """Return whether a model's vectors can be compared with those of the catalogue."""
        return model.hash == self._vectors_of

    async def model_changed(self, slot: str) -> None:
        """Compute anew what is kept of the model that was in use before in a slot."""
        if slot == RECOMMEND_SLOT:
            async with self._catalogue_turn:
                await self._renew_vectors()
        elif slot == INTENT_SLOT:
            async with self._knowledge_turn:
                await self._put_without_intent(list(self._without_intent.values()))

    async def apply_catalogue(self, changes: Sequence[Change]) -> None:
        """Take catalogue items in and out; each new text is turned into its vector."""
        latest = dict(changes)
        unseen: list[CatalogueItem] = []
        async with self._catalogue_turn:
            for key, item in latest.items():
                if item is None:
                    self.catalogue.remove(key)
                elif self.catalogue.wants_vector(item):
                    unseen.append(item)
                else:
                    self.catalogue.put(item)
            if unseen:
                await self._put_with_vectors(unseen)

    async def _put_with_vectors(self, items: Sequence[CatalogueItem]) -> None:
        answer = await self._vectors(items)
        if self.fits_catalogue(answer.model):
            _put_all(self.catalogue, items, answer)
        else:
            await self._renew_vectors(items)

    async def _renew_vectors(self, more: Sequence[CatalogueItem] = ()) -> None:
        """Fill another catalogue with the vectors of the model in use, and take that."""
        known = {one.product_id: one for one in self.catalogue.items()}
        items = list((known | {one.product_id: one for one in more}).values())
        answer = await self._vectors(items)
        renewed = Catalogue(answer.model.width)
        _put_all(renewed, items, answer)
        self.catalogue, self._vectors_of = renewed, answer.model.hash

    async def _vectors(self, items: Sequence[CatalogueItem]) -> Answer:
        texts = [item_text(item) for item in items]
        ask = partial(self._inference.ask, RECOMMEND_SLOT, texts, lane=Lane.ORDERS)
        return await again(ask, "catalogue")

    async def apply_knowledge(self, changes: Sequence[Change]) -> None:
        """Take entries in and out; the model finds the intent of those that name none."""
        async with self._knowledge_turn:
            await self._apply_knowledge(dict(changes))

    async def _apply_knowledge(self, latest: Mapping[str, KnowledgeEntry | None]) -> None:
        for key, entry in latest.items():
            self._without_intent.pop(key, None)
            if entry is None:
                self.knowledge.remove(key)
            elif entry.intent is not None:
                self.knowledge.put(entry)
            else:
                self._without_intent[key] = entry
        await self._put_without_intent(
            [entry for entry in latest.values() if entry is not None and entry.intent is None]
        )

    async def _put_without_intent(self, entries: Sequence[KnowledgeEntry]) -> None:
        if not entries:
            return
        questions = [entry.question for entry in entries]
        ask = partial(self._inference.ask, INTENT_SLOT, questions, lane=Lane.ORDERS)
        answer = await again(ask, "knowledge")
        for index, entry in enumerate(entries):
            failed = index in answer.errors
            row = [] if failed else answer.rows[index].tolist()
            self.knowledge.put(entry, likely_intents(row, answer.model.labels) if row else ())


def _put_all(catalogue: Catalogue, items: Sequence[CatalogueItem], answer: Answer) -> None:
    for index, item in enumerate(items):
        if index not in answer.errors:
            catalogue.put(item, answer.rows[index])


def remember_language(
    table: ChunkTable, user_id: str, language: Language, changes: Changes
) -> None:
    """Remember which language a customer writes; a repeat costs no changelog record."""
    if changes.get(table, user_id) != language:
        changes.put(table, user_id, language.value)


def create_state(app: ShopApp, inference: Inference, partitions: int) -> State:
    """Return the state of a worker, its tables added to the application."""
    return State(
        purchases=create_table(app, "purchases", partitions),
        orders=create_table(app, "orders", partitions),
        sessions=create_table(app, "sessions", partitions),
        query_languages=create_table(app, "query-languages", partitions),
        review_languages=create_table(app, "review-languages", partitions),
        inference=inference,
    )
