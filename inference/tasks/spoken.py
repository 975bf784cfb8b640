"""Dates and goods as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from inference.tasks.facts import OrderFacts
from schemas.base import Language

Titles = Callable[[str, Language], str | None]
"""From a product id to its title in a language, None where the catalogue does not have it."""

LONGEST_TITLE: Final = 60

_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NEAR: Final = {
    Language.ENGLISH: {-1: "yesterday", 0: "today", 1: "tomorrow"},
    Language.CHINESE: {-1: "昨天", 0: "今天", 1: "明天"},
}


def spoken_day(moment: datetime, now: datetime, language: Language, zone: tzinfo) -> str:
    """Return the day of `moment` as said at `now`: "on 7 March", "today", "3月7日", "今天"."""
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    near = _NEAR[language].get((day - today) // timedelta(days=1))
    if near:
        return near
    return _chinese(day, today) if language is Language.CHINESE else _english(day, today)


def _english(day: date, today: date) -> str:
    year = "" if day.year == today.year else f" {day.year}"
    return f"on {day.day} {_MONTHS[day.month - 1]}{year}"


def _chinese(day: date, today: date) -> str:
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日"


def short_title(title: str) -> str:
    """Return the title on one line, at most `LONGEST_TITLE` characters, cut between words."""
    line = " ".join(title.split())
    if len(line) <= LONGEST_TITLE:
        return line
    cut = line[: LONGEST_TITLE - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[LONGEST_TITLE // 2 :] else cut}…"


def spoken_goods(order: OrderFacts, language: Language, titles: Titles) -> str:
    """Return what is in the order in brackets: "(Electric kettle and 2 more)", "" if unknown."""
    named = next((title for product, _ in order.items if (title := titles(product, language))), "")
    if not named:
        return ""
    title, others = short_title(named), order.lines - 1
    if language is Language.CHINESE:
        return f"（{title}等{order.lines}种商品）" if others else f"（{title}）"
    return f" ({title} and {others} more)" if others else f" ({title})"
