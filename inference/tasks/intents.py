"""What customers write about: the labels of the bundled intent model."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LOOKED_AT: Final = 2_000
"""Characters of a message in which rules look; models read little more."""


class Intent(StrEnum):
    """What a customer wants; another intent model may bring labels that are not here."""

    ORDER_STATUS = "order_status"
    """Where an order is, and when it comes."""
    SHIPPING_INFO = "shipping_info"
    """How the shop ships: where to, how fast, for how much."""
    CANCEL_ORDER = "cancel_order"
    """To call an order off."""
    CHANGE_ORDER = "change_order"
    """To change the address, the items or anything else of an order."""
    RETURN_REFUND = "return_refund"
    """Whether and how goods can be sent back for money."""
    REFUND_STATUS = "refund_status"
    """Where the money of a return or a cancelled order is."""
    EXCHANGE_ITEM = "exchange_item"
    """To swap an item for another size, colour or a whole one."""
    PAYMENT = "payment"
    """How to pay, and payments that fail."""
    INVOICE = "invoice"
    """To get or to correct an invoice."""
    PRICE_PROMOTION = "price_promotion"
    """Prices, coupons, discounts and price protection."""
    PRODUCT_INFO = "product_info"
    """What a product is, does, fits or is made of."""
    AVAILABILITY = "availability"
    """Whether something is in stock, or when it will be."""
    WARRANTY_REPAIR = "warranty_repair"
    """Guarantee and repairs."""
    ACCOUNT = "account"
    """Signing in, passwords, personal data, points."""
    COMPLAINT = "complaint"
    """To be heard: something went wrong and the customer is upset."""
    HUMAN_AGENT = "human_agent"
    """To speak with a person."""
    GREETING = "greeting"
    """Hello, and nothing more."""
    THANKS = "thanks"
    """Thanks, goodbye or a plain "ok", and nothing more."""
    OUT_OF_SCOPE = "out_of_scope"
    """Nothing that a shop's service answers."""


ORDER_INTENTS: Final[frozenset[str]] = frozenset(
    {Intent.ORDER_STATUS, Intent.CANCEL_ORDER, Intent.CHANGE_ORDER, Intent.REFUND_STATUS}
)
"""Answered from the customer's own orders."""

SMALL_TALK: Final[frozenset[str]] = frozenset({Intent.GREETING, Intent.THANKS})
"""Answered kindly, and given up for whatever else the message may want."""

ALWAYS_A_PERSON: Final[frozenset[str]] = frozenset({Intent.HUMAN_AGENT, Intent.COMPLAINT})
"""Answered by a person, however sure the model is."""
