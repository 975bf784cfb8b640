"""Frames between the client and the worker: a JSON header and raw numbers, no pickle.

4 bytes  length of the header, big-endian
4 bytes  length of the body
header   JSON object; `kind` says what it is
body     float32, little-endian
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from typing import Any

import orjson

from inference.errors import ProtocolError

MAX_FRAME_BYTES = 256 * 1024 * 1024
_PREFIX = struct.Struct(">II")


@dataclass(frozen=True)
class Frame:
    """One message."""

    kind: str
    header: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""


def encode(frame: Frame) -> bytes:
    """Return the frame's bytes; raises `ProtocolError` if it is too large."""
    # A text may hold lone surrogates only by a defect of the caller; orjson refuses them.
    header = orjson.dumps({"kind": frame.kind, **frame.header})
    if len(header) + len(frame.body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {len(header) + len(frame.body)} bytes is too large")
    return _PREFIX.pack(len(header), len(frame.body)) + header + frame.body


def decode(header: bytes, body: bytes) -> Frame:
    """Return the frame of a header and a body; raises `ProtocolError`."""
    try:
        fields = orjson.loads(header)
        kind = fields.pop("kind")
    except (orjson.JSONDecodeError, AttributeError, KeyError) as error:
        raise ProtocolError("a frame has no readable header") from error
    if not isinstance(kind, str):
        raise ProtocolError("a frame's kind is not a name")
    return Frame(kind, fields, body)


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """Return the next frame, None at the end; raises `ProtocolError` for what is no frame."""
    try:
        prefix = await reader.readexactly(_PREFIX.size)
        header_size, body_size = _PREFIX.unpack(prefix)
        if header_size + body_size > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {header_size + body_size} bytes is too large")
        header = await reader.readexactly(header_size)
        body = await reader.readexactly(body_size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return decode(header, body)
