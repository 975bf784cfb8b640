"""Whether a message tells that a parcel has not come, and that it is said to have come."""

from __future__ import annotations

import re
from typing import Final

from inference.tasks.intents import LOOKED_AT

_OF_SOMETHING_ELSE: Final = (
    r"(?!\s+(?:(?:a|an|any|my|the|your|got|get|received)\s+)*"
    r"(?:tracking|confirmation|e-?mail|invoice|receipt|code|refund|money|reply|answer|response))"
)
_MISSED = re.compile(
    r"\b(?:(?:have|has|had|did|was|is|are)\s*(?:not|n['’]?t)|never|not|still\s+no|yet\s+to|nothing)\s+"
    r"(?:(?:yet|actually|even|ever|been|be|still)\s+)*"
    r"(?:receiv\w+|got(?:ten)?|get|arriv\w+|c[ao]me|seen|see|here|there|turned\s+up|show(?:n|ed)\s+up"
    rf"|deliver\w+|sign\s+of|parcel|package)\b{_OF_SOMETHING_ELSE}"
    r"|\b(?:parcel|package|order|delivery|it)\s+(?:is|was|has\s+gone|went|got)\s+(?:missing|lost|stolen)"
    r"|\b(?:missing|lost|stolen)\s+(?:parcel|package|order|delivery)"
    r"|还没(?:有)?(?:到|来)(?![^，。！？]*[吗么])|[没未](?:有)?(?:收到|拿到|见到|看到|送到|签收|取到|到货|到手)(?!短信|发票|退款|邮件|验证码|通知|赠品)"
    r"|收不到货|丢件|(?:包裹|快递|件)(?:丢|不见)了?|没(?:有)?人?送(?:来|过来)",
    re.IGNORECASE,
)
_SAID_TO_HAVE_COME = re.compile(
    r"\b(?:says?|said|shows?|showing|marked|shown|status|claims?|tracking)\b[^.!?]{0,40}\bdeliver(?:ed|y)\b"
    r"|\bdelivered\s+but\b"
    r"|(?:显示|说|提示|物流|状态)[^。！？]{0,12}?(?<![未没])(?:签收|妥投|送达|收货|送到)",
    re.IGNORECASE,
)


def tells_of_missing(text: str) -> bool:
    """Whether `text` says that a parcel did not come, or is lost."""
    return _MISSED.search(text[:LOOKED_AT]) is not None


def tells_of_delivery(text: str) -> bool:
    """Whether `text` says that a parcel is told to have come."""
    return _SAID_TO_HAVE_COME.search(text[:LOOKED_AT]) is not None
