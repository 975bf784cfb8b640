"""A text without personal data."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from schemas.masking.addresses import addresses
from schemas.masking.kinds import ALL_KINDS, Finder, Kind, Span
from schemas.masking.numbers import cards, emails, ibans, ids, phones

_FINDERS: Final[dict[Kind, Finder]] = {
    Kind.EMAIL: emails,
    Kind.IBAN: ibans,
    Kind.ID: ids,
    Kind.CARD: cards,
    Kind.PHONE: phones,
    Kind.ADDRESS: addresses,
}
"""By certainty: what was found by an earlier one is not looked at by a later one."""
_POSSIBLE = re.compile(r"[0-9０-９@＠]")
_NARROW = str.maketrans("０１２３４５６７８９＠＋－（）．　", "0123456789@+-(). ")
"""Full-width forms, one character for one: places stay what they are."""


def find(text: str, kinds: Collection[Kind] = ALL_KINDS) -> list[Span]:
    """Return where personal data of these kinds is, in order; no two finds overlap."""
    if not _POSSIBLE.search(text):
        return []
    narrow = text.translate(_NARROW)
    taken: list[Span] = []
    for kind, finder in _FINDERS.items():
        if kind in kinds:
            found = sorted(finder(narrow), key=lambda one: (one[0], -one[1]))  # the longer first
            taken = _merged(taken, found, kind)
    return taken


def mask(text: str, kinds: Collection[Kind] = ALL_KINDS) -> str:
    """Return the text with the kind's name in brackets in place of each find: `[phone]`."""
    spans = find(text, kinds)
    if not spans:
        return text
    parts = []
    at = 0
    for span in spans:
        parts += [text[at : span.start], f"[{span.kind}]"]
        at = span.end
    return "".join([*parts, text[at:]])


def _merged(taken: list[Span], found: list[tuple[int, int]], kind: Kind) -> list[Span]:
    """Return the spans of both, in order, without those found that overlap an earlier one."""
    merged: list[Span] = []
    rest = iter([*taken, Span(start=1 << 60, end=1 << 60, kind=kind)])
    upcoming, end = next(rest), 0
    for start, stop in found:
        while upcoming.start < start:
            merged.append(upcoming)
            end = max(end, upcoming.end)
            upcoming = next(rest)
        if start >= end and stop <= upcoming.start:
            merged.append(Span(start=start, end=stop, kind=kind))
            end = stop
    return [*merged, *([upcoming, *rest][:-1])]
