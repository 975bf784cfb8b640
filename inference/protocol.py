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


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One message."""

    kind: str  # what it is; `inference.frames` has the kinds
    header: dict[str, Any] = field(default_factory=dict)  # what JSON can hold, without `kind`
    body: bytes = b""  # numbers


def encode(frame: Frame) -> bytes:
    """Return the frame's bytes; raises `ProtocolError` if it is too large or no JSON."""
    try:
        header = orjson.dumps({**frame.header, "kind": frame.kind})
    except orjson.JSONEncodeError as error:
        raise ProtocolError("a frame's header cannot be written as JSON") from error
    _check_size(len(header) + len(frame.body))
    return _PREFIX.pack(len(header), len(frame.body)) + header + frame.body


def decode(header: bytes, body: bytes) -> Frame:
    """Return the frame of a header and a body; raises `ProtocolError`."""
    try:
        fields = orjson.loads(header)
    except orjson.JSONDecodeError as error:
        raise ProtocolError("a frame has no readable header") from error
    kind = fields.pop("kind", None) if isinstance(fields, dict) else None
    if not isinstance(kind, str):
        raise ProtocolError("a frame does not say what it is")
    return Frame(kind=kind, header=fields, body=body)


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """Return the next frame, None at the end; raises `ProtocolError` for what is no frame."""
    try:
        header_size, body_size = _PREFIX.unpack(await reader.readexactly(_PREFIX.size))
        _check_size(header_size + body_size)
        header = await reader.readexactly(header_size)
        body = await reader.readexactly(body_size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None  # whoever dies in the middle of a frame has said nothing
    return decode(header, body)


def _check_size(size: int) -> None:
    if size > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {size} bytes is too large: {MAX_FRAME_BYTES} may be")
