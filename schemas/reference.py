"""What shops keep in compacted topics: catalogue items and knowledge entries."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from schemas.base import Id, Language, Message, Text
from schemas.events import MAX_UNIT_PRICE, Currency, LanguageTag


class CatalogueItem(Message):
    """Something that can be bought; keyed by `product_id`, a null value takes it out."""

    product_id: Id
    title: Text
    titles: dict[Language, Text] = Field(
        default_factory=dict, description="Titles by language, where there are translations."
    )
    category: Id | None = None
    price: Decimal | None = Field(default=None, ge=0, le=MAX_UNIT_PRICE)
    currency: Currency | None = None
    language: LanguageTag | None = Field(default=None, description="Of `title`.")
    available: bool = True

    def title_in(self, language: Language) -> str:
        """Return the title in `language` where there is one, else the main title."""
        return self.titles.get(language, self.title)


class KnowledgeEntry(Message):
    """A question that customers ask and its answer; keyed by `entry_id`."""

    entry_id: Id
    question: Text
    answer: Text
    language: LanguageTag | None = Field(default=None, description="Guessed when missing.")
    intent: Id | None = Field(
        default=None, description="What it answers; found by the intent model when missing."
    )
