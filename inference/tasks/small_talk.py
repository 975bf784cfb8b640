"""Greetings and thanks that are nothing else, known by their words.

A model of intents takes many a short word for a greeting and has to be very sure of one; these need
no model.
"""

from __future__ import annotations

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
        您好在吗, 你好有人吗, 您好请问在吗
    """,
    Intent.THANKS: """
        thanks, thank you, thx, ty, tysm, cheers, thanks a lot, thanks so much, many thanks
        thank you so much, thank you very much, thanks very much, ok thanks, okay thanks
        ok thank you, okay thank you, great thanks, great thank you, perfect thanks
        perfect thank you, thats all thanks, thats all thank you, no thanks thats all
        have a good day, much appreciated, appreciate it
        bye, bye bye, goodbye, see you, have a nice day
        谢谢, 谢谢你, 谢谢您, 谢谢啦, 谢谢了, 谢谢哦, 谢谢亲, 多谢, 多谢了, 感谢, 非常感谢, 太感谢了
        十分感谢, 好的谢谢, 好的谢谢你, 好的谢谢您, 好谢谢, 嗯谢谢, 嗯嗯谢谢, 行谢谢, 知道了谢谢
        明白了谢谢, 没有了谢谢, 没事了谢谢, 不用了谢谢, 辛苦了, 再见, 拜拜, 拜
    """,
}
LONGEST: Final = 60
"""Characters; nobody greets at more length."""


def small_talk(text: str) -> Intent | None:
    """Return what the text is if it is nothing but a greeting or thanks."""
    return _BY_WORDS.get(_folded(text)) if len(text) <= LONGEST else None


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
