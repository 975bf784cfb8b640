"""Wishes that a message takes back: "please don't cancel my order", "不想退货了".

A model of intents hears the wish and misses the "not". Only a negation that governs the verb of
the intent's action itself is one: "I don't like it, cancel it" and "why can't I cancel" are not.
"""

from __future__ import annotations

import re
from typing import Final

from inference.tasks.intents import LOOKED_AT, Intent

_CLAUSE_ENDS = re.compile(r"[,，.。;；:：!！?？\n、…]+|\b(?:but|because|however)\b|但是?|因为")

_SEND_BACK: Final = r"(?:send|sent|sending|give|giving)\s+(?:(?:it|this|that|them|my \w+)\s+)?back"
_SHIP: Final = (r"ship\w*|send(?:ing)?|sent|deliver\w*|dispatch\w*", r"发货|发出|发(?!票)|寄|送|派")
_REFUND: Final = (r"refund\w*", r"退款|退钱|退费")
_VERBS: Final[dict[str, tuple[str, str]]] = {
    Intent.CANCEL_ORDER: (
        r"cancel\w*|call(?:ed|ing)?\s+(?:it\s+)?off",
        r"取消|撤单|撤销|撤回|退单",
    ),
    Intent.CHANGE_ORDER: (
        r"chang\w+|modif\w+|alter(?:ed|ing|ations?)?|updat\w+|edit(?:ed|ing)?",
        r"(?:修|更)?改|变更|换",
    ),
    Intent.RETURN_REFUND: (rf"return(?:ed|ing|s)?|refund\w*|{_SEND_BACK}", r"退(?![出休役])"),
    Intent.EXCHANGE_ITEM: (r"exchang\w+|swap\w*|replac\w+", r"[调更退]?换"),
    Intent.REFUND_STATUS: _REFUND,
    Intent.ORDER_STATUS: _SHIP,
    Intent.SHIPPING_INFO: _SHIP,
}
"""Of each intent that names an action, the action's verbs in English and in Chinese."""

_OTHERS: Final = "".join(rf"(?<!\b{who} )" for who in ("you", "they", "it", "he", "she", "who"))
"""Of whom "don't cancel" tells something; nobody else is asked by it."""
_WANT: Final = (
    r"(?:(?:want|wish|like|need|intend|plan|mean|ask|going|agree|decide|choose)"
    r"(?:\s+(?:to|on|for))?|wanna)"
)
_THINK: Final = r"(?:think\s+(?:i|we)(?:\s+(?:should|will|want\s+to|need\s+to)|['’]ll)?\s+)?"
_ADVERB: Final = r"(?:(?:please|just|yet|actually|really|ever|even|be|you\s+dare|go\s+and)\s+)*"
_NOT: Final = r"\s*(?:not|n['’]?t)"
_DENIED: Final = (
    rf"{_OTHERS}\b(?:do{_NOT}|did{_NOT}(?=\s+{_ADVERB}(?:{_WANT}\b|cancel))"
    rf"|(?:i|we)\s+(?:(?:would|will|should){_NOT}|won['’]?t|never|(?:am|are)\s+not)"
    rf"|(?:i['’]?m|we['’]re)\s+not"
    rf"|rather\s+not|not\s+to|please\s+(?:not|never)|no\s+longer(?=\s+{_WANT}\b))"
)
_INSTEAD: Final = (
    r"(?:\b(?:instead\s+of|rather\s+than|no\s+need\s+(?:to|for)|never\s?mind)"
    r"|(?<!n['’]t )(?<!not )\bforget(?!\s+to\b))(?:\s+about)?"
)
_THING: Final = (
    r"(?:(?:it|this|that|them|these|those|my|the|your|an?|any|orders?|items?|products?|packages?"
    r"|parcels?|purchases?|money|one|to|be|get|being|[#\w-]*\d[\w-]*)\s+)"
)
_PERHAPS: Final = re.compile(
    r"\b(?:if|unless|whether|in\s+case|what\s+happens)\b|^\s*(?:why|how)\b"
)


def _english(verbs: str) -> re.Pattern[str]:
    done = rf"{_DENIED}\s+{_THINK}{_ADVERB}(?:{_WANT}\s+)?{_ADVERB}(?:{verbs})\b"
    had = rf"{_DENIED}\s+{_ADVERB}{_WANT}\s+{_THING}{{0,5}}?(?:{verbs})\b"
    aside = rf"{_INSTEAD}\s+{_THING}{{0,5}}?(?:{verbs})\b"
    none = rf"\bno\s+(?:{verbs})\s+(?:please|needed|necessary|required)\b"
    return re.compile(f"{done}|{had}|{aside}|{none}", re.IGNORECASE)


_NOT_ZH: Final = (
    r"(?:(?<![特分区级性类个告辨识])别(?![人的处墅扭致名样家提])|甭|勿"
    r"|不(?:需要|必|打算|准备|希望|考虑|愿意?|急着)"
    r"|无需|无须|没(?:有)?(?:打算|想过?要?|说要)|(?:先|暂时?|我)不|不是(?:要|想)|不再"
    r"|我(?:并|可|从来)?没有?(?:申请|要求|同意|想要?)?)"
)
_NOT_OR_ASIDE_ZH: Final = r"不(?:想要?|用|要)"
"""May also stand for itself: "不想要怎么退" wants to return; so a question is none of these."""
_WORDS_ZH: Final = (
    r"(?:再|先|就|急着|着急|马上|现在|立刻|自动|擅自|随便|随意|办理?|申请|进行|麻烦|去|要|直接"
    r"|提前|帮(?:我|忙)?|[给替为]我们?|你们?|您|我)*+"
)
_FILLER_ZH: Final = rf"{_WORDS_ZH}(?:[把将][^，。]{{1,12}}?{_WORDS_ZH})?"
_ASKS_ZH: Final = r"(?![^，。]*(?:怎么|怎样|如何|多久|多少|能|可以|哪|谁|吗|么|运费))"


def _chinese(verbs: str) -> re.Pattern[str]:
    plain = rf"{_NOT_ZH}{_FILLER_ZH}(?:{verbs})"
    aside = rf"(?<!是){_NOT_OR_ASIDE_ZH}{_FILLER_ZH}(?:{verbs}){_ASKS_ZH}"
    ended = rf"不(?:{verbs})[货款换单]?了(?![吗么嘛])"
    after = rf"(?:{verbs})[货款换单]?就?不(?:用|必|需要|要)了"
    return re.compile(f"{plain}|{aside}|{ended}|{after}")


_PATTERNS: Final[dict[str, tuple[re.Pattern[str], re.Pattern[str]]]] = {
    intent: (_english(english), _chinese(chinese)) for intent, (english, chinese) in _VERBS.items()
}


def is_taken_back(intent: str, text: str) -> bool:
    """Whether `text` says that the action which `intent` is about should not be done."""
    patterns = _PATTERNS.get(intent)
    if patterns is None:
        return False
    return any(_negates(clause, *patterns) for clause in _CLAUSE_ENDS.split(text[:LOOKED_AT]))


def _negates(clause: str, english: re.Pattern[str], chinese: re.Pattern[str]) -> bool:
    found = english.search(clause)
    if found and not _PERHAPS.search(clause[: found.start()].lower()):
        return True
    return chinese.search(clause) is not None
