"""A dead letter, as a worker writes it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from schemas.letters import CarriedHeader, DeadLetter, carry
from schemas.results import Source

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def letter(value: bytes | None = b"{", offset: int = 7, **fields: Any) -> DeadLetter:
    """Return the letter of a review that was no JSON, with other fields where they are given."""
    carried, size, digest = carry(value)
    known: dict[str, Any] = {
        "result_id": f"reviews-0-{offset}-sentiment",
        "task": "sentiment",
        "source": Source(topic="reviews", partition=0, offset=offset, timestamp_ms=1),
        "code": "not_json",
        "reason": "the record is not JSON: it ends too soon",
        "key": base64.b64encode(b"u1").decode(),
        "value": carried,
        "value_bytes": size,
        "value_sha256": digest,
        "headers": (CarriedHeader(name="trace", value="AP8="), CarriedHeader(name="n", value=None)),
        "produced_at": NOW,
    }
    return DeadLetter(**known | fields)
