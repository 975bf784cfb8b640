"""What a partition has taken in, what of it is done, and whether it may take in more.

One object without I/O or clock, so that its rules can be tested by themselves:

- The **gate** is shut from the moment a partition is revoked until the seek to its committed
  offset has run. Faust resumes partitions before that seek, while the client still fetches from
  a position of its own: records that come through a shut gate are early and are dropped.
- The **epoch** counts the gate's changes. A fetch remembers the epoch that it began in; if it
  ended in another one, what it brought belongs to nobody.
- The **ledger** numbers the records taken in and knows which were released: their outcomes have
  left or are leaving. Records of different keys are released in any order; the **frontier** is
  the offset below which everything is. What is released beyond it is part of the `Position`.

A record goes through four states: taken in, released, settled (the broker has its outcome) and
committed. Offsets may have gaps, which compaction and transactions leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.position import MAX_RUNS, Position, Run


class Taken(NamedTuple):
    """A run of a fetch's records that were taken in, numbered one after the other."""

    start: int  # place of the first in the fetch
    stop: int  # place behind the last
    number: int  # of the first


_Place = tuple[int, int, int]
"""First offset, last offset and bytes of a record, or of a run that an earlier owner released."""


class Frontier:
    """Gate, epoch and ledger of one partition."""

    def __init__(self) -> None:
        self._epoch = 0
        self._open = False
        self._reset(Position(0))

    def _reset(self, position: Position) -> None:
        self._next = position.offset  # the next offset that is new
        self._inherited: list[Run] = list(position.beyond)  # not met by a fetch yet
        self._places: dict[int, _Place] = {}  # by number, from `_low` on
        self._low = 0  # number of the first record that is not released
        self._high = 0  # number of the next record
        self._released: set[int] = set()  # numbers beyond `_low`
        self._runs = 0  # of consecutive numbers in it
        self._size = 0
        self._settled = self._committed = position

    # -- gate and epoch

    @property
    def epoch(self) -> int:
        """Count of openings and closings so far."""
        return self._epoch

    @property
    def is_open(self) -> bool:
        """Whether records may be taken in."""
        return self._open

    def open(self, position: Position) -> None:
        """Take in what `position` leaves to do; to be called once the seek there has run."""
        self._reset(position)
        self._epoch += 1
        self._open = True

    def shut(self) -> None:
        """Take in nothing until the next `open`; what is in flight may still be finished."""
        self._open = False
        self._epoch += 1

    # -- ledger

    @property
    def next_offset(self) -> int:
        """Offset from which the next record is new."""
        return self._next

    @property
    def records_in_flight(self) -> int:
        """Records from the frontier on that were taken in."""
        return self._high - self._low

    @property
    def bytes_in_flight(self) -> int:
        """Bytes of the records in flight."""
        return self._size

    @property
    def is_idle(self) -> bool:
        """Whether everything taken in is released and settled."""
        return self._low == self._high and self._settled == self.position()

    def take_in(
        self, epoch: int, offsets: Sequence[int], sizes: Sequence[int]
    ) -> list[Taken] | None:
        """Return which records are new, as few runs; None if none may pass.

        `epoch` is that of the fetch's begin; `offsets` ascend; `sizes` are in bytes.
        """
        if not self._open or epoch != self._epoch:
            return None
        if offsets and offsets[0] >= self._next and not self._inherited:
            return [self._number_all(offsets, sizes)]
        taken: list[Taken] = []
        for at, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
            number = self._number(offset, size)
            if number is None:
                continue
            if taken and taken[-1].stop == at and number == self._after(taken[-1]):
                taken[-1] = taken[-1]._replace(stop=at + 1)
            else:
                taken.append(Taken(at, at + 1, number))
        return taken

    @staticmethod
    def _after(run: Taken) -> int:
        return run.number + run.stop - run.start

    def _number_all(self, offsets: Sequence[int], sizes: Sequence[int]) -> Taken:
        """Number what is new as a whole, as nearly all of it is."""
        numbers = range(self._high, self._high + len(offsets))
        self._places.update(zip(numbers, zip(offsets, offsets, sizes, strict=True), strict=True))
        self._high = numbers.stop
        self._size += sum(sizes)
        self._next = offsets[-1] + 1
        return Taken(0, len(offsets), numbers.start)

    def _number(self, offset: int, size: int) -> int | None:
        if offset < self._next:
            return None
        while self._inherited and self._inherited[0][0] <= offset:
            first, last = self._inherited.pop(0)
            self._release_one(self._place(first, last, 0))
            self._next = max(self._next, last + 1)
        if offset < self._next:
            return None
        self._next = offset + 1
        return self._place(offset, offset, size)

    def _place(self, first: int, last: int, size: int) -> int:
        number = self._high
        self._places[number] = (first, last, size)
        self._size += size
        self._high += 1
        return number

    def release(self, number: int) -> bool:
        """Count a record as released, unless the position would not fit into a commit then.

        Raises `ValueError` if it is not in flight. The oldest record in flight always fits.
        """
        if number not in self._places or number in self._released:
            raise ValueError(f"record {number} is not in flight")
        fits = (
            number == self._low
            or self._runs + len(self._inherited) < MAX_RUNS
            or number - 1 in self._released
            or number + 1 in self._released
        )
        if fits:
            self._release_one(number)
        return fits

    def release_oldest(self, last: int) -> None:
        """Count all in flight up to number `last` as released: the position needs no more room.

        Raises `ValueError` if `last` is not in flight.
        """
        if last not in self._places or last in self._released:
            raise ValueError(f"record {last} is not in flight")
        while self._released and self._low <= last:
            self._release_one(self._low)
        for number in range(self._low, last + 1):
            self._size -= self._places.pop(number)[2]
        self._low = max(self._low, last + 1)

    def _release_one(self, number: int) -> None:
        if number != self._low:
            self._runs += 1 - (number - 1 in self._released) - (number + 1 in self._released)
            self._released.add(number)
            return
        self._pass()
        if self._low in self._released:
            self._runs -= 1
        while self._low in self._released:
            self._released.discard(self._low)
            self._pass()

    def _pass(self) -> None:
        self._size -= self._places.pop(self._low)[2]
        self._low += 1

    # -- positions

    def position(self) -> Position:
        """Return what is released so far."""
        offset = self._places[self._low][0] if self._low < self._high else self._next
        return Position.reaching(offset, self._released_runs() + self._inherited)

    def _released_runs(self) -> list[Run]:
        runs: list[Run] = []
        before = None
        for number in sorted(self._released):
            first, last, _ = self._places[number]
            if before == number - 1:
                runs[-1] = (runs[-1][0], last)
            else:
                runs.append((first, last))
            before = number
        return runs

    def settle(self, position: Position) -> None:
        """Remember that the broker has the outcomes of all that `position` covers."""
        self._settled = position

    def to_commit(self) -> Position | None:
        """Return what is settled, if it was not committed yet."""
        return None if self._settled == self._committed else self._settled

    def confirm(self, position: Position) -> None:
        """Remember that the broker took `position`; a failed commit is simply not confirmed."""
        self._committed = position
