"""What can go wrong on the way in.

AccessError
├── AccessRefused   somebody says no: waiting does not help, an operator does
├── AccessUnclear   somebody answers, and does not let us in: waiting may help
└── TokenLater      there is no token at the moment: waiting helps
"""

from __future__ import annotations

from streams.errors import StreamsError


class AccessError(StreamsError):
    """Base of this package's errors; each message says what to do and holds no secret."""


class AccessRefused(AccessError):
    """The broker or the token endpoint says no, or a file that it takes cannot be used."""


class AccessUnclear(AccessError):
    """Somebody answers and ends the connection: a broker that is starting or stopping does, too."""


class TokenLater(AccessError):
    """There is no token that is valid at the moment; asking again is worth it."""
