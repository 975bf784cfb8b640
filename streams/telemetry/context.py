"""The trace that a record belongs to, as W3C's Trace Context writes it into headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

Headers = Sequence[tuple[str, bytes]]

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
MAX_STATE_BYTES: Final = 512
"""What W3C asks of those who pass a `tracestate` on; a longer one is dropped whole."""

_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})"
)


def parent_of(headers: Headers) -> re.Match[bytes] | None:
    """Return trace id, span id and flags of the headers' `traceparent`; None if none is valid."""
    for name, value in headers:
        if name == TRACEPARENT:
            return _TRACEPARENT.fullmatch(value or b"")
    return None


def state_of(headers: Headers) -> bytes | None:
    """Return the headers' `tracestate`, if it may be passed on."""
    for name, value in headers:
        if name == TRACESTATE and value and len(value) <= MAX_STATE_BYTES:
            return value
    return None


def carried(headers: Headers) -> Headers:
    """Return the trace context alone; of other people's headers nothing is passed on."""
    parent = parent_of(headers)
    if parent is None:
        return ()
    state = state_of(headers)
    passed = ((TRACEPARENT, parent[0]),)
    return passed if state is None else (*passed, (TRACESTATE, state))
