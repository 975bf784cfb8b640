"""Public messages with the labels that this project gives them.

English sets have intents of their own, mapped here. Chinese shop messages have none: turns of
jddc2018_10k get the label of the only pattern that they match, and none otherwise.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from inference.tasks.intents import Intent
from inference.training import readers

Message = tuple[str, str]
"""A text and its intent."""

_BITEXT: Final[Mapping[str, Intent]] = {
    "cancel_order": Intent.CANCEL_ORDER,
    "change_order": Intent.CHANGE_ORDER,
    "change_shipping_address": Intent.CHANGE_ORDER,
    "check_cancellation_fee": Intent.CANCEL_ORDER,
    "check_invoice": Intent.INVOICE,
    "check_payment_methods": Intent.PAYMENT,
    "check_refund_policy": Intent.RETURN_REFUND,
    "complaint": Intent.COMPLAINT,
    "contact_customer_service": Intent.HUMAN_AGENT,
    "contact_human_agent": Intent.HUMAN_AGENT,
    "create_account": Intent.ACCOUNT,
    "delete_account": Intent.ACCOUNT,
    "delivery_options": Intent.SHIPPING_INFO,
    "delivery_period": Intent.SHIPPING_INFO,
    "edit_account": Intent.ACCOUNT,
    "get_invoice": Intent.INVOICE,
    "get_refund": Intent.RETURN_REFUND,
    "newsletter_subscription": Intent.ACCOUNT,
    "payment_issue": Intent.PAYMENT,
    "recover_password": Intent.ACCOUNT,
    "registration_problems": Intent.ACCOUNT,
    "switch_account": Intent.ACCOUNT,
    "track_order": Intent.ORDER_STATUS,
    "track_refund": Intent.REFUND_STATUS,
}
"""Its place_order, review and set_up_shipping_address fit no intent here and are left out."""

_HINT3: Final[Mapping[str, Intent]] = {
    "ORDER_STATUS": Intent.ORDER_STATUS,
    "DELAY_IN_PARCEL": Intent.ORDER_STATUS,
    "DELAY_IN_DELIVERY": Intent.ORDER_STATUS,
    "CHAT_WITH_AGENT": Intent.HUMAN_AGENT,
    "CALL_CENTER": Intent.HUMAN_AGENT,
    "MODIFY_ADDRESS": Intent.CHANGE_ORDER,
    "CHECK_PINCODE": Intent.SHIPPING_INFO,
    "INTERNATIONAL_SHIPPING": Intent.SHIPPING_INFO,
    "CANCEL_ORDER": Intent.CANCEL_ORDER,
    "ORDER_CANCELLATION": Intent.CANCEL_ORDER,
    "MODES_OF_PAYMENTS": Intent.PAYMENT,
    "PAYMENT_AND_BILL": Intent.PAYMENT,
    "EMI": Intent.PAYMENT,
    "COD": Intent.PAYMENT,
    "OFFERS": Intent.PRICE_PROMOTION,
    "ABOUT_SOF_MATTRESS": Intent.PRODUCT_INFO,
    "WARRANTY": Intent.WARRANTY_REPAIR,
    "RETURN_EXCHANGE": Intent.RETURN_REFUND,
    "REFUNDS_RETURNS_REPLACEMENTS": Intent.RETURN_REFUND,
    "WHAT_SIZE_TO_ORDER": Intent.PRODUCT_INFO,
    "SIZE_CUSTOMIZATION": Intent.PRODUCT_INFO,
    "PRODUCT_VARIANTS": Intent.PRODUCT_INFO,
    "ORTHO_FEATURES": Intent.PRODUCT_INFO,
    "ERGO_FEATURES": Intent.PRODUCT_INFO,
    "COMPARISON": Intent.PRODUCT_INFO,
    "RECOMMEND_PRODUCT": Intent.PRODUCT_INFO,
    "SIGN_UP": Intent.ACCOUNT,
}
_HINT3_COPIES: Final = 3
"""They are few and real: what people type."""

_CLINC: Final[Mapping[str, Intent]] = {
    "greeting": Intent.GREETING,
    "thank_you": Intent.THANKS,
    "goodbye": Intent.THANKS,
    "order_status": Intent.ORDER_STATUS,
}
_CLINC_LEFT_OUT: Final = frozenset(
    {
        *("order", "shopping_list", "shopping_list_update", "credit_limit", "report_lost_card"),
        *("bill_due", "pay_bill", "transactions", "damaged_card", "card_declined", "report_fraud"),
        *("user_name", "change_user_name", "are_you_a_bot", "what_is_your_name", "cancel"),
        *("replacement_card_duration", "repeat", "yes", "no", "maybe", "bill_balance"),
        *("spending_history", "account_blocked", "what_can_i_ask_you", "rewards_balance"),
    }
)
"""Near enough to a shop's business that calling them out of scope would teach a mistake."""

_BANKING: Final = frozenset(
    {
        *("exchange_rate", "atm_support", "cash_withdrawal_charge", "change_pin", "age_limit"),
        *("automatic_top_up", "beneficiary_not_allowed", "country_support", "exchange_via_app"),
        *("fiat_currency_support", "getting_spare_card", "get_physical_card", "pin_blocked"),
        *("receiving_money", "top_up_limits", "transfer_timing", "verify_my_identity"),
        *("virtual_card_not_working", "visa_or_mastercard", "lost_or_stolen_card"),
    }
)
"""A bank's own matters: out of scope for a shop. Failed card payments and the like are not."""

_FAQ: Final = (
    (Intent.ACCOUNT, r"account|password|newsletter|loyalty|personal information"),
    (Intent.INVOICE, r"invoice|receipt"),
    (Intent.CANCEL_ORDER, r"cancel"),
    (Intent.CHANGE_ORDER, r"(change|modify|update|add|remove).{0,30}(order|address)"),
    (Intent.ORDER_STATUS, r"track"),
    (Intent.RETURN_REFUND, r"return|refund"),
    (Intent.WARRANTY_REPAIR, r"warranty|damaged|defective|repair"),
    (Intent.SHIPPING_INFO, r"ship|deliver"),
    (Intent.PRICE_PROMOTION, r"discount|promo|price|coupon|sale|gift card"),
    (Intent.PAYMENT, r"payment|pay\b|credit card|secure"),
    (Intent.AVAILABILITY, r"stock|pre-order|backorder|discontinued|available|reserve"),
    (Intent.HUMAN_AGENT, r"customer support|contact"),
    (Intent.PRODUCT_INFO, r"product|size|demonstration|manual"),
)
"""In this order; the first that fits labels a question of the help page."""

_JDDC: Final = (
    (Intent.INVOICE, r"发票|专票|开票"),
    (Intent.REFUND_STATUS, r"(退款|退的钱|钱).{0,8}(到账|没到|到了吗|多久|什么时候|进度|没退)"),
    (Intent.EXCHANGE_ITEM, r"换货|(给|帮)我换|换一个新|换个新|能换|可以换"),
    (Intent.RETURN_REFUND, r"(怎么|如何|想|要|申请|可以|能).{0,4}退(货|款|掉|了)|七天无理由|退货"),
    (Intent.CANCEL_ORDER, r"取消.{0,4}(订单|了)|订单.{0,6}取消|(我|想|要|能|怎么)取消"),
    (Intent.CHANGE_ORDER, r"(改|换).{0,4}(地址|收货|电话)|地址.{0,6}(改|错)"),
    (Intent.PRICE_PROMOTION, r"优惠|差价|价保|打折|降价|便宜|活动价|满减"),
    (Intent.AVAILABILITY, r"有(现)?货(吗|么|呗|没|啊)|没货|无货|什么时候有货|补货|缺货"),
    (Intent.WARRANTY_REPAIR, r"保修|维修|坏了|不能用了|开不了机|质保|售后点"),
    (Intent.PAYMENT, r"(怎么|不能|无法|没法|支持).{0,3}(付款|支付)|货到付款|白条|分期"),
    (
        Intent.ORDER_STATUS,
        r"(什么时候|啥时候|几时|多久|今天|明天|几点).{0,6}(发货|送到|能到|到货|配送|送货)"
        r"|还没(发货|送|到|收到)|没收到|到哪|物流|催一?下",
    ),
    (Intent.HUMAN_AGENT, r"人工|转接|打.{0,3}电话给我"),
    (Intent.COMPLAINT, r"投诉|骗人|太差劲|什么态度|欺骗|坑人"),
    (Intent.ACCOUNT, r"密码|登录|登陆|账号|绑定|验证码|注销"),
    (Intent.PRODUCT_INFO, r"尺寸|材质|怎么用|怎么安装|多大|多重|区别|正品|参数|说明书|适合"),
    (
        Intent.GREETING,
        r"^(你好|您好|在吗|在么|亲|在不在|有人吗|hi|hello)[你您好在吗么啊呀。，,！!~?？]*$",
    ),
    (
        Intent.THANKS,
        r"^(谢谢|好的谢谢|好的,谢谢|知道了谢谢|没有了|没了|再见|拜拜)[你您哈啊呢了啦。！!~]*$",
    ),
)
_SHORTEST_TURN, _LONGEST_TURN = 2, 40
_REVIEWS: Final = 500
_SHORT_REVIEW: Final = range(6, 40)


def english(data: Path) -> list[Message]:
    """Return English messages of all sets, several copies of those that people typed."""
    messages = [(text, _BITEXT[of]) for text, of in readers.bitext(data) if of in _BITEXT]
    for shop in ("curekart", "sofmattress"):
        pairs = readers.hint3(data, shop)
        messages += [(text, _HINT3[of]) for text, of in pairs if of in _HINT3] * _HINT3_COPIES
    for text, of in readers.clinc(data):
        if of not in _CLINC_LEFT_OUT:
            messages.append((text, _CLINC.get(of, Intent.OUT_OF_SCOPE)))
    messages += [(t, Intent.OUT_OF_SCOPE) for t, of in readers.banking(data) if of in _BANKING]
    return [(text, intent.value) for text, intent in messages] + _shop_questions(data)


def chinese(data: Path) -> list[Message]:
    """Return Chinese turns that one pattern alone fits, and short reviews as out of scope."""
    patterns = [(intent, re.compile(pattern)) for intent, pattern in _JDDC]
    messages: list[Message] = []
    for text in readers.jddc_edge_turns(data):
        found = [intent for intent, pattern in patterns if pattern.search(text)]
        if _SHORTEST_TURN <= len(text) <= _LONGEST_TURN and len(found) == 1:
            messages.append((text, found[0].value))
    reviews = [r.text for r in readers.online_shopping(data) if len(r.text) in _SHORT_REVIEW]
    step = max(1, len(reviews) // _REVIEWS)
    return messages + [(text, Intent.OUT_OF_SCOPE.value) for text in reviews[::step]]


def _shop_questions(data: Path) -> list[Message]:
    found: list[Message] = []
    for text in readers.shop_questions(data):
        fits = (intent for intent, pattern in _FAQ if re.search(pattern, text.lower()))
        intent = next(fits, None)
        if intent:
            found += [(text, intent.value)] * _HINT3_COPIES
    return found


def limited(messages: Iterable[Message], most: int, chance: random.Random) -> list[Message]:
    """Return at most `most` messages of each intent, drawn by chance.

    Templated sets and the wide world out of scope must not drown what people typed.
    """
    by_intent: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_intent[message[1]].append(message)
    wider = {Intent.OUT_OF_SCOPE.value: 3 * most}
    return [
        message
        for intent, found in sorted(by_intent.items())
        for message in chance.sample(found, min(len(found), wider.get(intent, most)))
    ]
