"""Numbers and e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.masking.checks import card_lengths, iban_length, is_iban, is_resident_id, luhn

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}"
    r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_CARD = re.compile(r"(?<![\d.+])(?:\d{13,19}|\d{4,6}(?:[ -]\d{2,15}){1,5})(?!\d)")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}")
_RESIDENT = re.compile(
    r"(?<![0-9A-Za-z])[1-8]\d{5}[ -]?(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"[ -]?\d{3}[\dXx](?![0-9A-Za-z])"
)
_SOCIAL_SECURITY = re.compile(
    r"(?<![\d-])(?!000|666|9)\d{3}([ -])(?!00)\d{2}\1(?!0000)\d{4}(?![\d-])"
)
_NATIONAL_INSURANCE = re.compile(
    r"(?<![A-Za-z0-9])(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"( ?)\d{2}\1\d{2}\1\d{2}\1[A-D](?![A-Za-z0-9])"
)
_CHINESE_MOBILE = re.compile(
    r"(?<![0-9A-Za-z_.+-])(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z_])"
)
_CHINESE_LANDLINE = re.compile(
    r"(?<![0-9A-Za-z_.+-])\(?0(?:10|2\d|[3-9]\d{2})\)?[ -]?[2-8]\d{6,7}(?:(?:-|转)\d{1,5})?"
    r"(?![0-9A-Za-z_])"
)
_INTERNATIONAL = re.compile(
    r"(?<![0-9A-Za-z+])(?:\+[1-9](?:[ ./()-]{0,3}\d){7,14}|00[1-9](?: ?\d){8,13})(?![\d-])"
)
_AMERICAN = re.compile(
    r"(?<![0-9A-Za-z_.+-])(?:1[-. ])?"
    r"(?!\(?(?:400|800|820|833|844|855|866|877|888))"  # free of charge: a firm's, not a person's
    r"(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}(?![0-9A-Za-z_-])"
)
_EUROPEAN = re.compile(
    r"(?<![0-9A-Za-z_.,:/+-])(?:\(0[1-9]\d{0,4}\)|0[1-9])(?:[ ./-]{0,3}\d){6,10}(?![0-9A-Za-z_-])"
)
_IN_PAIRS = re.compile(r"0[1-9](?:[ .-]\d\d){4}")  # as France writes them
_BRITISH = re.compile(r"\(?0[1-9]\d{0,3}\)?(?: \d{3,8}){1,3}|07\d{9}|0[12]\d{9}")
_GERMAN = re.compile(r"\(?0[1-9]\d{1,4}\)?(?:[ /-]| / )[1-9]\d{3,7}")


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield e-mail addresses."""
    if "@" in text:
        yield from (match.span() for match in _EMAIL.finditer(text))


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yield IBANs of the right length and checksum."""
    at = 0
    while match := _IBAN.search(text, at):
        length = iban_length(match[0][:2])
        end = _end_of(match[0], length) if length else 0
        good = end and is_iban(match[0][:end].replace(" ", ""))
        if good:
            yield match.start(), match.start() + end
        at = match.start() + (end if good else 1)


def ids(text: str) -> Iterator[tuple[int, int]]:
    """Yield resident, social security and national insurance numbers."""
    for match in _RESIDENT.finditer(text):
        if is_resident_id(_digits(match[0])):
            yield match.span()
    for pattern in (_SOCIAL_SECURITY, _NATIONAL_INSURANCE):
        yield from (match.span() for match in pattern.finditer(text))


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield bank cards' numbers of known issuers with the right checksum.

    Other numbers may stand before and after with only a blank between: the groups of digits are
    tried from each on.
    """
    at = 0
    while match := _CARD.search(text, at):
        end = _card_end(match[0])
        if end:
            yield match.start(), match.start() + end
        at = match.start() + (end or 1)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield telephone numbers: Chinese, international, North American and European ones."""
    for pattern in (_CHINESE_MOBILE, _CHINESE_LANDLINE, _INTERNATIONAL, _AMERICAN):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _EUROPEAN.finditer(text):
        forms = (_IN_PAIRS, _BRITISH, _GERMAN)
        if any(form.fullmatch(match[0]) for form in forms):
            yield match.span()


def _card_end(groups: str) -> int:
    """Return where the card's number ends that the groups of digits begin with, 0 if with none."""
    digits = _digits(groups)
    for length in card_lengths(digits):
        if len(digits) >= length and luhn(digits[:length]):
            end = _end_of(groups, length)
            if not groups[end : end + 1].isdigit():
                return end
    return 0


def _digits(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _end_of(text: str, count: int) -> int:
    """Return where the `count`-th letter or digit ends, 0 where there are fewer."""
    seen = 0
    for place, char in enumerate(text, start=1):
        seen += char not in " -"
        if seen == count:
            return place
    return 0
