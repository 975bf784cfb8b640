"""Checksums, which tell a number of a kind from any other of its length."""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_IBAN_LENGTHS = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "NL", "FO", "GL"), 18),
    **dict.fromkeys(("SI", "MK"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "DE", "GB", "GE", "IE", "ME", "RS"), 22),
    **dict.fromkeys(("AE", "GI", "IL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK"), 24),
    **dict.fromkeys(("PT",), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "CY", "HU", "LB", "PL"), 28),
    **dict.fromkeys(("BR", "EG", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT",), 31),
}
"""Of the registry of ISO 13616, the countries that it is used in."""
_IINS = (
    ("4", "4", (19, 16, 13)),
    ("51", "55", (16,)),
    ("62", "62", (19, 18, 17, 16)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("300", "305", (14,)),
    ("644", "659", (19, 16)),
    ("81", "81", (19, 18, 17, 16)),
    ("2221", "2720", (16,)),
    ("3528", "3589", (16,)),
    ("6011", "6011", (19, 16)),
)
"""First and last prefix of an issuer, and the lengths of its numbers, longest first."""


def card_lengths(digits: str) -> tuple[int, ...]:
    """Return how long cards' numbers are that begin so, longest first; four digits are enough."""
    for first, last, lengths in _IINS:
        if first <= digits[: len(first)] <= last:
            return lengths
    return ()


def luhn(digits: str) -> bool:
    """Whether the last digit is the checksum of those before (ISO/IEC 7812-1)."""
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(one)] for one in digits[-2::-2])
    return total % 10 == 0


def is_resident_id(number: str) -> bool:
    """Whether it is a Chinese resident's number: 17 digits and their check (GB 11643-1999)."""
    total = sum(
        weight * int(digit) for weight, digit in zip(_RESIDENT_WEIGHTS, number[:17], strict=True)
    )
    return number[17].upper() == _RESIDENT_CHECKS[total % 11]


def iban_length(country: str) -> int:
    """Return how many characters an IBAN of the country has, 0 where there is none."""
    return _IBAN_LENGTHS.get(country.upper(), 0)


def is_iban(number: str) -> bool:
    """Whether letters and digits are an IBAN by their checksum (ISO 7064, mod 97-10)."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
