"""What shops send: reviews, customers' messages and orders.

How odd input is taken, for all three: control characters and blanks around identifiers are
refused or dropped (`base.Id`); a text of up to 1,000,000 characters is read whole and cut by the
task to what its model sees; NUL and emoji are kept in the text, and models ignore what they do
not know; a missing or wrong record key changes nothing but the customer's state that is found,
since state lives where the record lies. All else that does not fit becomes one dead letter.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import EventTime, Id, Message, Part, Text

MAX_ORDER_LINES = 2_000
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE = Decimal(100_000_000)

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

LanguageTag = Annotated[str, StringConstraints(min_length=2, max_length=35)]
"""A BCP 47 tag such as `zh`, `en` or `zh-Hans-CN`; only its first part is used."""


class ReviewEvent(Message):
    """A customer's review of a product."""

    review_id: Id
    user_id: Id = Field(description="The author; also the record's key.")
    product_id: Id
    text: Text
    rating: int | None = Field(default=None, ge=1, le=5, description="Stars, 1 worst, 5 best.")
    language: LanguageTag | None = Field(default=None, description="Guessed when missing.")
    explain: bool = Field(
        default=False,
        description="Whether its labels are to say which words moved the score; costs the model "
        "as much as up to 64 reviews more.",
    )
    created_at: EventTime


class Verdict(StrEnum):
    """What a person says of a review that was held."""

    ALLOW = "allow"
    REJECT = "reject"


class ModerationDecision(Message):
    """A person's decision on a review that was held."""

    review_id: Id
    user_id: Id = Field(description="The review's author; also the record's key.")
    decision: Verdict
    held_id: str | None = Field(
        default=None,
        max_length=1_000,
        description="`result_id` of the held review that was looked at; else its latest.",
    )
    labels: tuple[Id, ...] | None = Field(
        default=None,
        max_length=100,
        description="What is in it. Else, of a rejected one, what it was held for.",
    )
    decided_by: Id | None = Field(default=None, description="Who decided, as the shop likes it.")
    created_at: EventTime


class Channel(StrEnum):
    """Where a customer's message came from."""

    CHAT = "chat"
    SOCIAL = "social"
    DIRECT = "direct"


class QueryEvent(Message):
    """A customer's message that wants an answer."""

    query_id: Id
    session_id: Id = Field(description="The conversation; the record's key where no user is known.")
    user_id: Id | None = None
    text: Text
    channel: Channel = Channel.CHAT
    order_id: Id | None = Field(default=None, description="The order that the message is about.")
    created_at: EventTime


class OrderStatus(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class OrderItem(Part):
    """One line of an order."""

    product_id: Id
    quantity: int = Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY, description="Below 0: came back.")
    unit_price: Decimal = Field(ge=0, le=MAX_UNIT_PRICE)


class OrderEvent(Message):
    """An order was placed, or its state changed."""

    order_id: Id
    user_id: Id = Field(description="The buyer; also the record's key.")
    items: tuple[OrderItem, ...] = Field(min_length=1, max_length=MAX_ORDER_LINES)
    currency: Currency
    status: OrderStatus = OrderStatus.PLACED
    carrier: Id | None = None
    tracking: Id | None = None
    eta: EventTime | None = Field(default=None, description="When the parcel should arrive.")
    created_at: EventTime
