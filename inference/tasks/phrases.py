"""Every sentence that replies are made of, in both languages.

A sentence states nothing of its own: what stands in braces comes from the order's facts. `order`
is "order A1 (Electric kettle)" or "订单A1（电热水壶）"; `day` brings its own preposition.
"""

from __future__ import annotations

from enum import StrEnum
from string import Formatter
from typing import Final

from schemas.base import Language


class Phrase(StrEnum):
    """What can be said."""

    GREETING = "greeting"
    THANKS = "thanks"
    ASKED_FOR = "asked_for"
    COMPLAINT = "complaint"
    UNSURE = "unsure"
    AGAIN = "again"
    TOO_LATE = "too_late"
    OUT_OF_SCOPE = "out_of_scope"
    NO_KNOWLEDGE = "no_knowledge"
    NO_SUCH_ORDER = "no_such_order"
    NO_ORDER = "no_order"
    NO_ACCOUNT = "no_account"
    ORDER = "order"
    PLACED = "placed"
    SHIPPED = "shipped"
    BY_CARRIER = "by_carrier"
    WITH_TRACKING = "with_tracking"
    DUE = "due"
    LATE = "late"
    DELIVERED = "delivered"
    NOT_RECEIVED = "not_received"
    MISSING = "missing"
    CANCELLED = "cancelled"
    ALREADY_CANCELLED = "already_cancelled"
    RETURNED = "returned"
    CANCEL_PLACED = "cancel_placed"
    CANCEL_SHIPPED = "cancel_shipped"
    CANCEL_DELIVERED = "cancel_delivered"
    CHANGE_PLACED = "change_placed"
    CHANGE_SHIPPED = "change_shipped"
    CHANGE_DELIVERED = "change_delivered"
    NO_RETURN = "no_return"
    REFUND_UNKNOWN = "refund_unknown"
    ONE_MORE_ORDER = "one_more_order"
    MORE_ORDERS = "more_orders"


_ENGLISH: Final[dict[Phrase, str]] = {
    Phrase.GREETING: "Hello! What can I do for you?",
    Phrase.THANKS: "You're welcome! Just write again if anything else comes up.",
    Phrase.ASKED_FOR: "Of course. I'm passing you on to a colleague, who will reply here.",
    Phrase.COMPLAINT: (
        "I'm sorry about the trouble. I've passed this on to a colleague, who will look into it "
        "and get back to you."
    ),
    Phrase.UNSURE: (
        "I'm not sure I've understood you correctly, so I'm passing this on to a colleague."
    ),
    Phrase.AGAIN: (
        "It looks like my answers aren't helping, so I'm passing you on to a colleague."
    ),
    Phrase.TOO_LATE: "Sorry for the wait. A colleague is going to take care of this.",
    Phrase.OUT_OF_SCOPE: (
        "Sorry, that's outside what I can help with. I've passed your message on to a colleague."
    ),
    Phrase.NO_KNOWLEDGE: (
        "I don't have a reliable answer to that, so I've asked a colleague to reply to you."
    ),
    Phrase.NO_SUCH_ORDER: (
        "I can't find that order number under your account. Could you check it once more? "
        "I've also asked a colleague to take a look."
    ),
    Phrase.NO_ORDER: (
        "I can't see any orders under your account. I've asked a colleague to take a look; if you "
        "have an order number, please send it here."
    ),
    Phrase.NO_ACCOUNT: (
        "I can't see which account you're writing from, so I can't look the order up myself. "
        "I've asked a colleague to help you."
    ),
    Phrase.ORDER: "order {order_id}{goods}",
    Phrase.PLACED: "We've received your {order}; it hasn't shipped yet.",
    Phrase.SHIPPED: "Your {order} is on its way{carrier}{tracking}.",
    Phrase.BY_CARRIER: " with {carrier}",
    Phrase.WITH_TRACKING: ", tracking number {tracking}",
    Phrase.DUE: "It should arrive {day}.",
    Phrase.LATE: "It was due {day}, so it's running late. I'm sorry about that.",
    Phrase.DELIVERED: "Your {order} was delivered {day}.",
    Phrase.NOT_RECEIVED: "If you can't find it, let us know and a colleague will look into it.",
    Phrase.MISSING: (
        "I'm sorry that it hasn't reached you. I've asked a colleague to look into it and get back "
        "to you."
    ),
    Phrase.CANCELLED: "Your {order} was cancelled {day}.",
    Phrase.ALREADY_CANCELLED: "Your {order} was already cancelled {day}.",
    Phrase.RETURNED: "Your {order} was returned {day}.",
    Phrase.CANCEL_PLACED: (
        "Your {order} hasn't shipped yet, so it can still be cancelled. I've asked a colleague to "
        "do that and confirm it to you."
    ),
    Phrase.CANCEL_SHIPPED: (
        "Your {order} is already on its way, so it can't be cancelled any more. Once it arrives, "
        "you can send it back."
    ),
    Phrase.CANCEL_DELIVERED: (
        "Your {order} was delivered {day}, so it can't be cancelled any more. If you don't want "
        "to keep it, you can ask for a return."
    ),
    Phrase.CHANGE_PLACED: (
        "Your {order} hasn't shipped yet, so a change may still be possible. Please tell us here "
        "what should be different; a colleague will take care of it."
    ),
    Phrase.CHANGE_SHIPPED: (
        "Your {order} is already on its way, so it can't be changed any more. If it isn't right "
        "when it arrives, you can send it back."
    ),
    Phrase.CHANGE_DELIVERED: (
        "Your {order} was delivered {day}, so it can't be changed any more. If something isn't "
        "right, you can ask for a return."
    ),
    Phrase.NO_RETURN: (
        "I can't see a return for your {order} so far, so I've asked a colleague to check."
    ),
    Phrase.REFUND_UNKNOWN: (
        "I can't see the refund itself, so I've asked a colleague to check it for you."
    ),
    Phrase.ONE_MORE_ORDER: (
        "You have one other open order; if you meant that one, just send me its number."
    ),
    Phrase.MORE_ORDERS: (
        "You have {count} other open orders; if you meant one of those, just send me its number."
    ),
}

_CHINESE: Final[dict[Phrase, str]] = {
    Phrase.GREETING: "您好！请问有什么可以帮您？",
    Phrase.THANKS: "不客气！有问题随时找我。",
    Phrase.ASKED_FOR: "好的，这就为您转接人工客服，请稍等。",
    Phrase.COMPLAINT: "非常抱歉给您添麻烦了。我已经把您的问题转给同事，核实后会给您答复。",
    Phrase.UNSURE: "抱歉，我不太确定您的意思，已经请同事来为您处理，请稍等。",
    Phrase.AGAIN: "抱歉，看来我没能帮您解决问题，已经请同事来跟进，请稍等。",
    Phrase.TOO_LATE: "抱歉让您久等了，已经请同事来为您处理，请稍等。",
    Phrase.OUT_OF_SCOPE: "抱歉，这个问题我帮不上忙，已经转给同事了，请稍等。",
    Phrase.NO_KNOWLEDGE: "这个问题我暂时没有准确的答案，已经请同事来回复您，请稍等。",
    Phrase.NO_SUCH_ORDER: (
        "我在您的账户下没有查到这个订单号，麻烦您再核对一下。我也已经请同事帮您查看。"
    ),
    Phrase.NO_ORDER: (
        "我在您的账户下没有查到订单，已经请同事帮您核实。如果您有订单号，也可以直接发过来。"
    ),
    Phrase.NO_ACCOUNT: "我这边看不到您的账户，没办法直接查订单，已经请同事来帮您，请稍等。",
    Phrase.ORDER: "订单{order_id}{goods}",
    Phrase.PLACED: "您的{order}我们已经收到，还没有发货。",
    Phrase.SHIPPED: "您的{order}已经发货{carrier}{tracking}。",
    Phrase.BY_CARRIER: "，由{carrier}配送",
    Phrase.WITH_TRACKING: "，运单号{tracking}",
    Phrase.DUE: "预计{day}送达。",
    Phrase.LATE: "原定{day}送达，现在有些延误，非常抱歉。",
    Phrase.DELIVERED: "您的{order}已于{day}送达。",
    Phrase.NOT_RECEIVED: "如果您没有收到，请告诉我们，同事会帮您核实。",
    Phrase.MISSING: "很抱歉您还没有收到，已经请同事帮您核实，核实后会给您答复。",
    Phrase.CANCELLED: "您的{order}已于{day}取消。",
    Phrase.ALREADY_CANCELLED: "您的{order}之前已于{day}取消。",
    Phrase.RETURNED: "您的{order}已于{day}退货。",
    Phrase.CANCEL_PLACED: "您的{order}还没有发货，可以取消。我已经请同事为您办理，办好后会通知您。",
    Phrase.CANCEL_SHIPPED: "您的{order}已经发货，没办法取消了。等您收到后，可以申请退货。",
    Phrase.CANCEL_DELIVERED: "您的{order}已于{day}送达，没办法取消了。如果不想要了，可以申请退货。",
    Phrase.CHANGE_PLACED: "您的{order}还没有发货，应该还能修改。请告诉我们要改什么，同事会处理。",
    Phrase.CHANGE_SHIPPED: "您的{order}已经发货，没办法修改了。如果收到后不合适，可以申请退货。",
    Phrase.CHANGE_DELIVERED: (
        "您的{order}已于{day}送达，没办法修改了。如果有不合适的地方，可以申请退货。"
    ),
    Phrase.NO_RETURN: "我这边还没有看到您的{order}的退货记录，已经请同事帮您核实。",
    Phrase.REFUND_UNKNOWN: "退款进度我这边看不到，已经请同事帮您查询。",
    Phrase.ONE_MORE_ORDER: "您还有1个未完成的订单，如果问的是那一个，请把订单号发给我。",
    Phrase.MORE_ORDERS: "您还有{count}个未完成的订单，如果问的是其他订单，请把订单号发给我。",
}

_TABLES: Final = {Language.ENGLISH: _ENGLISH, Language.CHINESE: _CHINESE}


def say(phrase: Phrase, language: Language, **facts: object) -> str:
    """Return the sentence with the facts in their places."""
    return _TABLES[language][phrase].format(**facts)


def wants(phrase: Phrase, language: Language) -> frozenset[str]:
    """Return the names of the facts that the sentence has places for."""
    places = Formatter().parse(_TABLES[language][phrase])
    return frozenset(name for _, name, _, _ in places if name)


def in_a_row(sentences: list[str], language: Language) -> str:
    """Return the sentences as one text; Chinese ones stand without blanks between them."""
    return ("" if language is Language.CHINESE else " ").join(filter(None, sentences))
