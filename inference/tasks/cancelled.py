"""Whether a message tells of an order that was cancelled, or asks why: "为什么取消我的订单".

A model of intents hears the wish to cancel one. Nothing may be cancelled then, let alone the order
that is left.
"""

from __future__ import annotations

import re
from typing import Final

from inference.tasks.intents import LOOKED_AT

_LATELY: Final = r"(?:(?:just|now|already|then|\w+ly)\s+)*"
_ORDER: Final = r"(?:(?:my|the|this|that|it|order|purchase|number|[#\w-]*\d[\w-]*)\s+)+"
_CANCELLED = re.compile(
    r"\b(?:"
    rf"(?:was|were|got|(?<!\bnot )(?<!n['’]t )(?<!\bnever )been)\s+{_LATELY}cancell?ed"
    rf"|(?:is|are|was|were)\s+{_ORDER}{_LATELY}cancell?ed"
    rf"|(?:you|they|he|she|who|someone|somebody|seller|shop|store)(?:['’]ve|\s+ha(?:ve|s))?\s+"
    rf"{_LATELY}cancell?ed"
    r"|why\s+(?:did|have|has|would|are|were)\s+(?:you|they|he|she|someone|somebody|the\s+\w+)\s+"
    rf"{_LATELY}cancel\w*"
    r")\b"
    r"|(?:为什么|为啥|为何|凭什么|谁)[^，。？?！!不没]{0,12}取消(?![^，。？?！!]{0,6}[不没])"
    r"|怎么[^，。？?！!不没]{0,8}取消[^，。？?！!不没]{0,4}了"
    r"|(?<![没未])被[^，。？?！!]{0,4}取消|(?:自动|擅自|私自|无故|(?<!没)(?<!没有)显示|已)取消(?!失败)",
    re.IGNORECASE,
)


def tells_of_cancelling(text: str) -> bool:
    """Whether `text` says that an order was cancelled, or asks whether or why it was."""
    return _CANCELLED.search(text[:LOOKED_AT]) is not None
