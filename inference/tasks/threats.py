"""Open threats against persons, found by their words, in English and Chinese.

The bundled model takes most of them for toxicity. The patterns want who threatens, or whom: "the
heat will kill you" and "去你店里打卡" are none.
"""

from __future__ import annotations

import re
from typing import Final

from inference.tasks.clauses import Place

LOOKED_AT: Final = 100_000
"""Characters; no more of a review is kept for a person either."""

_WILL: Final = (
    r"\b(?:i|we)(?:\s+swear\s+(?:i|we))?(?:\s*['’]?ll|\s+will|\s+shall|\s*['’]?m|\s+am|\s*['’]re|\s+are)?"
    r"(?:\s+(?:going\s+to|gonna|fucking|just|personally|want\s+to|definitely))*\s+"
)
_WHOM: Final = (
    r"(?:you(?!\s+(?:an?|some|with|to|the)\b)|him|her|y['’]?all"
    r"|(?:your|the|this|that)\s+(?:\w+\s+)?(?:famil\w+|kids?|child\w*|wife|husband|seller|driver|owner"
    r"|boss|manager|courier|staff|face|throat|legs?|neck|head))\b"
)
_ENGLISH: Final = (
    rf"{_WILL}(?:kill|murder|stab|shoot|strangle|hurt|beat|slit|break|smash|punch)\s+{_WHOM}"
    rf"|{_WILL}(?:find|hunt)\s+you(?:\s+down)?(?=\s+and\b|\s*(?:[.!,]|$))"
    r"|\b(?:i|we)\s*(?:['’]?m|\s*am|['’]re|\s*are)\s+(?:coming|going\s+to\s+come)\s+(?:for|after)\s+you\b"
    r"|\b(?:i|we)\s+know\s+where\s+you(?:r\s+\w+)?\s+(?:live|work|go)"
    rf"|{_WILL}burn\s+(?:down\s+)?your\s+(?:shop|store|house|place)"
)
_YOU_ZH: Final = r"(?:你们?|您|老板|店主|店家|卖家|商家|客服|快递员|送货的)"
_CHINESE: Final = (
    rf"(?:弄|打|砍|捅|整|搞|杀|掐|揍)死(?:{_YOU_ZH}(?!也不|都不)|[他她]们?(?!也不|都不|了?都|了?也))"
    rf"|(?:杀|宰|砍|捅|剁)了{_YOU_ZH}(?![^，。！？]{{0,6}}[价折钱元块])|(?:杀|砍|弄死){_YOU_ZH}全家|揍{_YOU_ZH}|做掉{_YOU_ZH}"
    r"|[去上到]你们?(?:的)?(?:店里?|家里?|公司|门)(?:去|来)?(?:把你?)?"
    r"(?:打(?:人|你|死|架|断|爆)|砸|砍(?!价)|捅|放火|杀(?!价)|收拾你|弄你|揍)"
    r"|把你们?(?:的)?(?:店|家)?[^，。！？]{0,4}(?:腿|手)打断|打断你们?的?(?:狗?腿|手)|砸了你们?的?(?:店|摊)"
    r"|小心你们?(?:全家)?的?(?:狗命|小命|全家的命|命)"
)
_THREAT = re.compile(f"{_ENGLISH}|{_CHINESE}", re.IGNORECASE)


def threats(text: str) -> list[Place]:
    """Return where the text threatens somebody."""
    return [found.span() for found in _THREAT.finditer(text[:LOOKED_AT])]
