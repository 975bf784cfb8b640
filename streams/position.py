"""How far a partition's outcomes have come, and how that rides in a commit.

A commit names one offset; with release by key, records beyond it may be done as well. They travel
in the commit's metadata, so that the next owner neither repeats nor skips them.

Metadata: the version, a colon, and base85 of variable-length integers (7 bits a byte, low bits
first, the high bit says that more follow): for each run the distance from the end of the one
before (or from the offset), then its length in offsets.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_METADATA_BYTES = 4096
"""`offset.metadata.max.bytes` of a broker, by default."""
MAX_RUNS = 256
"""256 runs of two integers of at most 6 bytes fit in, in base85, with room to spare."""
_VERSION = "1:"
_MORE = 0x80
_BITS = 7

Run = tuple[int, int]
"""First and last offset."""


@dataclass(frozen=True)
class Position:
    """Everything below `offset` is done, and the runs `beyond` it."""

    offset: int
    beyond: tuple[Run, ...] = ()  # ascending; the first begins behind the offset

    @classmethod
    def reaching(cls, offset: int, done: Iterable[Run]) -> Position:
        """Return the position of an offset and ascending runs, also below it and next to it."""
        beyond: list[Run] = []
        for first, last in done:
            if first > offset:
                beyond.append((first, last))
            else:
                offset = max(offset, last + 1)
        return cls(offset, tuple(beyond))


def beginning(committed: Position | None, earliest: int, end: int) -> Position:
    """Return where to begin in a log that holds the offsets from `earliest` to before `end`.

    What was done of a log that has lost its beginning since is not done again; a position that
    reaches behind the end is of another log.
    """
    if committed is None:
        return Position(earliest)
    done = committed.beyond[-1][1] + 1 if committed.beyond else committed.offset
    if done > max(earliest, end):
        return Position(earliest)
    return Position.reaching(max(earliest, committed.offset), committed.beyond)


def encode_metadata(position: Position) -> str:
    """Return the metadata of a commit; empty if nothing beyond the offset is done.

    Raises `ValueError` for more than `MAX_RUNS` runs.
    """
    if not position.beyond:
        return ""
    if len(position.beyond) > MAX_RUNS:
        raise ValueError(f"{len(position.beyond)} runs do not fit into a commit")
    packed = bytearray()
    end = position.offset
    for first, last in position.beyond:
        for number in (first - end, last + 1 - first):
            packed += _varint(number)
        end = last + 1
    return _VERSION + base64.b85encode(packed).decode("ascii")


def decode_metadata(offset: int, metadata: str) -> Position:
    """Return the position of a commit; raises `ValueError` for metadata that is not ours."""
    if not metadata:
        return Position(offset)
    if not metadata.startswith(_VERSION):
        raise ValueError("the commit's metadata is of another program or version")
    packed = base64.b85decode(metadata.removeprefix(_VERSION))
    numbers = list(_integers(packed))
    if len(numbers) % 2:
        raise ValueError("the commit's metadata is cut off")
    beyond: list[Run] = []
    end = offset
    for gap, length in zip(numbers[::2], numbers[1::2], strict=True):
        if length < 1:
            raise ValueError("the commit's metadata holds an empty run")
        beyond.append((end + gap, end + gap + length - 1))
        end += gap + length
    return Position(offset, tuple(beyond))


def _varint(number: int) -> bytes:
    packed = bytearray()
    while number >= _MORE:
        packed.append(number % _MORE | _MORE)
        number >>= _BITS
    packed.append(number)
    return bytes(packed)


def _integers(packed: Iterable[int]) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte % _MORE) << shift
        shift += _BITS
        if byte < _MORE:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("the commit's metadata is cut off")
