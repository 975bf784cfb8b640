"""Greetings, and thanks or a plain "ok", known by their words.

A model of intents takes many a short word for one, and a kind answer to an insult is worse than
none. Nothing but a usual greeting needs no model; a text with a word of the kind needs one that is
sure, and one without it a model that is very sure. No sentence of a reply asks what "ok" would
answer: it ends a turn, as thanks do.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from inference.tasks.intents import Intent

_SAID: Final = {
    Intent.GREETING: """
        hi, hello, hey, hiya, howdy, hi there, hello there, hey there, hi all, hello again
        good morning, good afternoon, good evening, good day, morning, afternoon, evening
        anyone there, is anyone there, are you there, hello anyone there
        你好, 您好, 你好啊, 您好啊, 你好呀, 您好呀, 你们好, 嗨, 哈喽, 哈啰, 早, 早安, 早上好, 上午好
        中午好, 下午好, 晚上好, 在吗, 在么, 在不在, 您在吗, 有人吗, 有人在吗, 亲, 亲在吗, 你好在吗
        您好在吗, 在不, 还在吗, 客服在吗, 你好有人吗, 您好请问在吗
    """,
    Intent.THANKS: """
        thanks, thank you, thx, ty, tysm, cheers, thanks a lot, thanks so much, many thanks
        thank you so much, thank you very much, thanks very much, ok thanks, okay thanks
        ok thank you, okay thank you, great thanks, great thank you, perfect thanks
        perfect thank you, thats all thanks, thats all thank you, no thanks thats all
        have a good day, much appreciated, appreciate it
        ok, okay, ok got it, okay got it, got it, alright, all right, understood, no thanks
        no thank you, bye, bye bye, goodbye, see you, have a nice day
        谢谢, 谢谢你, 谢谢您, 谢谢啦, 谢谢了, 谢谢哦, 谢谢亲, 多谢, 多谢了, 感谢, 非常感谢, 太感谢了
        十分感谢, 好的谢谢, 好的谢谢你, 好的谢谢您, 好谢谢, 嗯谢谢, 嗯嗯谢谢, 行谢谢, 知道了谢谢
        明白了谢谢, 没有了谢谢, 没事了谢谢, 不用了谢谢, 辛苦了, 再见, 拜拜, 拜
        好的, 好的呢, 好的哦, 好的亲, 好的好的, 好滴, 好, 好吧, 行, 行吧, 嗯, 嗯嗯, 恩, 嗯好的
        嗯嗯好的, 哦, 哦哦, 哦好的, 知道了, 好的知道了, 明白了, 好的明白了, 了解了, 没有了, 没事了
    """,
}
LONGEST: Final = 60
"""Characters; nobody greets at more length."""
SURE: Final = 0.9
"""Probability from which a model is believed without a word."""
_WORDS: Final = {
    Intent.GREETING: re.compile(
        r"\b(?:hi|hiya|hello|hey|howdy|good\s+(?:morning|afternoon|evening|day))\b"
        r"|[你您]好|哈[喽啰]|嗨|早安|[早上下晚][午上]好|在[吗么]",
        re.IGNORECASE,
    ),
    Intent.THANKS: re.compile(
        r"\b(?:thank(?:s|\s+you)?|thx|cheers|appreciate\w*|good\s?bye|bye|have\s+a\s+(?:nice|good|great))\b"
        r"|谢|感激|辛苦|再见|拜拜|麻烦(?:你|您)?了",
        re.IGNORECASE,
    ),
}


def small_talk(text: str) -> Intent | None:
    """Return what the text is if it is nothing but a greeting, thanks or "ok"."""
    return _BY_WORDS.get(_folded(text)) if len(text) <= LONGEST else None


def is_small_talk(intent: str, confidence: float, text: str) -> bool:
    """Whether a model's word that `text` is a greeting or thanks is to be believed."""
    words = _WORDS.get(Intent(intent))
    return words is not None and (confidence >= SURE or words.search(text) is not None)


def _folded(text: str) -> str:
    """Return the letters alone: neither blanks nor points nor pictures make another greeting."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


_BY_WORDS: Final = {
    _folded(said): intent
    for intent, lines in _SAID.items()
    for line in lines.split("\n")
    for said in line.split(",")
    if said.strip()
}
