"""Personal data in texts, found by its form and put out of sight.

    kinds.py      what is looked for
    checks.py     checksums: Luhn, resident identity numbers, IBAN
    numbers.py    numbers and e-mail addresses
    addresses.py  where people live, in Chinese, English, German and French forms
    text.py       a text without it
    message.py    a result without it

Pure functions of the text alone. Each form is looked for by an expression whose repetitions are
bounded and whose choices differ in their first character, so that the time is proportional to the
text's length whatever it holds; what is ambiguous by form (a name, a nickname) is not looked for.
"""

from schemas.masking.kinds import ALL_KINDS, Kind, Span
from schemas.masking.message import masked
from schemas.masking.text import find, mask

__all__ = ["ALL_KINDS", "Kind", "Span", "find", "mask", "masked"]
