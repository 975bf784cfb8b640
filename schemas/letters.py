"""What could not be worked on."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.base import Message, Part
from schemas.results import Source

MAX_CARRIED_BYTES = 1_100_000
"""Over Kafka's default limit of a record, so that what a broker took as it comes is whole."""

MAX_BESIDE_BYTES = 100_000
"""Key and headers together. They ride twice, in the letter and beside it as the record had them,
and with the largest value the whole must still fit into a record of the topic."""
_HEADER_BYTES = 32
"""What the letter says of a header beside its name and value."""
_CHARACTER_BYTES = 6
"""Of a name, where JSON escapes it."""


def _is_base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("must be base64") from error
    return value


Base64 = Annotated[str, AfterValidator(_is_base64)]


class CarriedHeader(Part):
    """One header of the record."""

    name: str
    value: Base64 | None

    def raw_value(self) -> bytes | None:
        """Return the header's value as it was."""
        return None if self.value is None else base64.b64decode(self.value)


class DeadLetter(Message):
    """A record that could not be worked on, whole, with its place and the reason.

    `reason` is a sentence for a person and repeats nothing from the record. A value over
    `MAX_CARRIED_BYTES` is cut; `value_bytes` and `value_sha256` are then of the whole. Key and
    headers over `MAX_BESIDE_BYTES` are left out.
    """

    result_id: str = Field(description="`topic-partition-offset-task`, as an outcome's.")
    task: str
    source: Source
    code: str = Field(description="Stable name of the reason, fit for a metric's label.")
    reason: str
    detail: str | None = Field(default=None, description="The stack's last place, if any.")
    attempts: int = Field(default=1, ge=1)
    key: Base64 | None
    value: Base64 | None
    value_bytes: int = Field(ge=0)
    value_sha256: str
    headers: tuple[CarriedHeader, ...] = ()
    left_out_bytes: int = Field(
        default=0, ge=0, description="Size of key and headers, where they were too large to carry."
    )
    produced_at: datetime

    @property
    def value_is_whole(self) -> bool:
        """Whether `value` is all of the record's value."""
        return self.value_bytes <= MAX_CARRIED_BYTES

    def raw_key(self) -> bytes | None:
        """Return the record's key as it was."""
        return None if self.key is None else base64.b64decode(self.key)

    def raw_value(self) -> bytes | None:
        """Return the record's value as it was, at most `MAX_CARRIED_BYTES` of it."""
        return None if self.value is None else base64.b64decode(self.value)


def carry(value: bytes | None) -> tuple[str | None, int, str]:
    """Return what a dead letter says of a value: base64 (cut), its length and its SHA-256."""
    if value is None:
        return None, 0, hashlib.sha256(b"").hexdigest()
    carried = base64.b64encode(value[:MAX_CARRIED_BYTES]).decode("ascii")
    return carried, len(value), hashlib.sha256(value).hexdigest()


def beside_bytes(key: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> int:
    """Return how large a letter's key and headers are, at most `MAX_BESIDE_BYTES` to be carried."""
    return len(key or b"") + sum(
        _HEADER_BYTES + _CHARACTER_BYTES * len(name) + len(value or b"") for name, value in headers
    )
