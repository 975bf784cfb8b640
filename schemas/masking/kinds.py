"""What is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """A kind of personal data."""

    EMAIL = "email"
    IBAN = "iban"
    ID = "id"  # resident identity, social security and national insurance numbers
    CARD = "card"
    PHONE = "phone"
    ADDRESS = "address"


ALL_KINDS: Final = frozenset(Kind)


@dataclass(frozen=True, kw_only=True, order=True)
class Span:
    """A place in a text, in characters; the end is outside."""

    start: int
    end: int
    kind: Kind


Finder = Callable[[str], Iterator[tuple[int, int]]]
"""Yields start and end of each find, in order; time is proportional to the text's length."""
