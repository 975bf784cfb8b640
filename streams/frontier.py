"""What a partition has taken in, what of it is done, and whether it may take in more.

One object without I/O or clock, so that its rules can be tested by themselves:

- The **gate** is shut from the moment a partition is revoked until the seek to its committed
  offset has run. Faust resumes partitions before that seek, while the client still fetches from
  a position of its own: records that come through a shut gate are early and are dropped.
- The **epoch** counts the gate's changes. A fetch remembers the epoch that it began in; if it
  ended in another one, what it brought belongs to nobody.
- The **ledger** knows the next offset to take in and, of what was taken in, what is done. The
  **frontier** is the offset below which everything is done: the one offset fit to be committed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Span:
    """A run of offsets taken in together; compaction and transactions leave gaps inside."""

    first: int  # the first record's offset
    last: int  # the last record's offset
    records: int  # how many records there are
    size: int  # bytes of their keys and values


class Frontier:
    """Gate, epoch and ledger of one partition."""

    def __init__(self) -> None:
        self._epoch = 0
        self._next = 0
        self._open = False
        self._in_flight: deque[Span] = deque()
        self._done: set[int] = set()
        self._frontier = 0
        self._committed = 0
        self._records = 0
        self._size = 0

    @property
    def epoch(self) -> int:
        """Count of openings and closings so far."""
        return self._epoch

    @property
    def is_open(self) -> bool:
        """Whether records may be taken in."""
        return self._open

    @property
    def next_offset(self) -> int:
        """Offset from which the next record is new."""
        return self._next

    @property
    def records_in_flight(self) -> int:
        """Records taken in and not below the frontier."""
        return self._records

    @property
    def bytes_in_flight(self) -> int:
        """Bytes of the records taken in and not below the frontier."""
        return self._size

    @property
    def is_idle(self) -> bool:
        """Whether everything taken in is done."""
        return not self._in_flight

    def open(self, start: int) -> None:
        """Take in records from `start` on; to be called once the seek there has run."""
        self._in_flight.clear()
        self._done.clear()
        self._records = self._size = 0
        self._epoch += 1
        self._open = True
        self._next = self._frontier = self._committed = start

    def shut(self) -> None:
        """Take in nothing until the next `open`; what is in flight may still be finished."""
        self._open = False
        self._epoch += 1

    def fresh(self, epoch: int, offsets: Sequence[int]) -> int | None:
        """Return the index from which a fetch's records are new, or None if none may pass.

        `epoch` is that of the fetch's begin, `offsets` are its records', ascending.
        """
        if not self._open or epoch != self._epoch:
            return None
        for index, offset in enumerate(offsets):
            if offset >= self._next:
                return index
        return None

    def take_in(self, span: Span) -> None:
        """Count a span as in flight; raises `ValueError` if it does not follow the last one."""
        if span.first < self._next:
            raise ValueError(f"offset {span.first} was taken in before {self._next}")
        self._in_flight.append(span)
        self._records += span.records
        self._size += span.size
        self._next = span.last + 1

    def finish(self, span: Span) -> None:
        """Count a span as done: all its outcomes are published and confirmed."""
        self._done.add(span.first)
        while self._in_flight and self._in_flight[0].first in self._done:
            done = self._in_flight.popleft()
            self._done.discard(done.first)
            self._records -= done.records
            self._size -= done.size
            self._frontier = done.last + 1

    def to_commit(self) -> int | None:
        """Return the frontier if it was not committed yet."""
        return None if self._frontier == self._committed else self._frontier

    def confirm(self, offset: int) -> None:
        """Remember that the broker took `offset`; a failed commit is simply not confirmed."""
        self._committed = offset
