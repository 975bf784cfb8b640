"""Where people live: a street with its number, and what belongs to it on both sides.

What is certain of an address, the street's word beside a number, is looked for first; from there
it is followed to both sides, a bounded number of characters. A town alone is no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FLAT = (
    r"(?:[0-9A-Za-z一二三四五六七八九十]{1,5}"
    r"(?:号楼|号院|[栋幢座室层楼户]|单元)|\d{3,4}(?![0-9]))"
)
_CHINESE_STREET = re.compile(
    r"(?:路|街|大道|道|巷|弄|胡同|村|社区)(?:[东南西北中一二三四五六七八九十]{1,3}[路街段组巷])?"
    r" ?\d{1,5}(?:-\d{1,4})? ?(?:号[楼院]?|弄)"
)
_CHINESE_HOUSE = re.compile(
    r"\d{1,4}(?:号楼|[栋幢座])(?:[0-9A-Za-z一二三四五六七八九十]{1,4}单元)?(?:\d{1,2}[层楼])?"
    r"\d{2,4}[室房号户]?"
)
_CHINESE_REST = re.compile(
    rf"(?:[\u4e00-\u9fff]{{1,10}}(?=[0-9A-Za-z]{{1,4}}(?:号楼|[栋幢座室]|单元)))?"
    rf"(?:-?{_FLAT}){{0,5}}"
)
_BEFORE = 32
"""Characters before a Chinese street that are looked at: province, city, district, street."""
_BREAK = re.compile(r"[^\u4e00-\u9fff0-9A-Za-z·]|地址|住在|住址|[在到是至往寄去了说]|[我的有给]")
"""Where a Chinese address does not go on to the left: punctuation, and what leads up to one."""

_NAME = r"(?:[A-Z][a-z'’-]{1,20}\.?|[A-Z]\.?|[1-9]\d{0,2}(?:st|nd|rd|th))"
_SUFFIX = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq"
    r"|Terrace|Way|Close|Crescent|Gardens|Parkway|Pkwy|Highway|Hwy|Mews|Row|Hill|Walk)"
)
_ENGLISH = re.compile(
    rf"(?<![A-Za-z0-9.,$£€-])(?:(?:Flat|Apt|Apartment|Unit|Suite)\.? [0-9A-Za-z]{{1,5}},? )?"
    rf"\d{{1,5}}[A-Fa-f]?,? (?:{_NAME} ){{1,4}}{_SUFFIX}(?![A-Za-z])\.?"
)
_ENGLISH_REST = re.compile(
    r"(?:,? (?:Apt|Apartment|Suite|Unit|Flat)\.? ?[0-9A-Za-z]{1,6}|,? #\d{1,5})?"
    r"(?:[^.!?;\n]{0,40}?"
    r"(?:[A-Z]{2} \d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z0-9]? \d[A-Z]{2})(?![A-Za-z0-9]))?"
)
_CAPITAL = "[A-ZÄÖÜÉÈÀÂÎÔ]"
_GERMAN = re.compile(
    rf"(?<![^\W\d_]){_CAPITAL}[a-zäöüß]{{1,20}}"
    r"(?:[ -][A-ZÄÖÜ][a-zäöüß]{1,20})?"
    r"(?:straße|strasse|str\.|weg|platz|allee|gasse|damm|ufer|Straße|Platz|Allee)"
    rf" \d{{1,4}}[a-z]?(?![0-9A-Za-z])(?:,? \d{{5}} {_CAPITAL}[a-zäöüß]{{1,20}})?"
)
_FRENCH = re.compile(
    r"(?<![A-Za-z0-9.,])\d{1,4}(?: ?(?:bis|ter))?,? "
    r"(?:rue|avenue|boulevard|place|chemin|allée|quai|impasse|cours) "
    rf"(?:(?:de|du|des|la|le|les) |[ld]['’]){{0,3}}{_CAPITAL}[\w-]{{1,20}}"
    rf"(?: {_CAPITAL}[\w-]{{1,20}}){{0,3}}(?:,? \d{{5}} {_CAPITAL}[\w-]{{1,20}})?"
)


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield postal addresses that have a street or a house, and a number."""
    yield from _chinese(text)
    for match in _ENGLISH.finditer(text):
        rest = _ENGLISH_REST.match(text, match.end())
        yield match.start(), rest.end() if rest else match.end()
    for pattern in (_GERMAN, _FRENCH):
        yield from (match.span() for match in pattern.finditer(text))


def _chinese(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_CHINESE_STREET, _CHINESE_HOUSE):
        for match in pattern.finditer(text):
            start = _begin(text, match.start())
            if start is not None:
                rest = _CHINESE_REST.match(text, match.end())
                yield start, rest.end() if rest else match.end()


def _begin(text: str, street: int) -> int | None:
    """Return where the address begins that has a street there, None where it has no name."""
    first = max(0, street - _BEFORE)
    breaks = [found.end() for found in _BREAK.finditer(text, first, street)]
    start = breaks[-1] if breaks else first
    return start if start < street else None
