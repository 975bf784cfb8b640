"""Matches produced records with what became of them, by `topic-partition-offset-task`."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.outcomes import Place, ResultRecord

DEAD_LETTERS: Final = "dead-letters"

Ranking = tuple[str, ...]
"""Labels, the most probable first."""


def parse_result_id(result_id: str) -> tuple[str, int, int, str] | None:
    """Return topic, partition, offset and task; None where it is no result id."""
    parts = result_id.rsplit("-", 3)
    if len(parts) != 4 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return None
    return parts[0], int(parts[1]), int(parts[2]), parts[3]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of the events."""

    events: int
    outcomes: int  # events with any outcome
    missing: int
    duplicates: int  # outcomes of one event and task beyond the first
    dead_letters: int


class Ledger:
    """What was produced and what came of it: some bytes an event, so that millions fit.

    An outcome may arrive before the producer's own confirmation does, so marks of offsets that
    are not (yet) ours are kept too, and count for nothing until they are.
    """

    def __init__(self, ends: Mapping[Place, int]) -> None:
        """Begin at the sources' ends, as `source_ends` gives them."""
        self._partitions = {place: _Marks(base) for place, base in ends.items()}
        self._truths = _Names()
        self._rankings = _Names()

    def produced(self, topic: str, partition: int, offset: int, label: str | None = None) -> None:
        """Count a record as sent and confirmed; `label` is the truth about it, if known."""
        truth = 0 if label is None else self._truths.code((label,))
        # A partition that is not known was added since the beginning: all of it is new.
        marks = self._partitions.setdefault((topic, partition), _Marks(0))
        marks.produced(offset, truth)

    def outcome(self, record: ResultRecord) -> None:
        """Count an outcome; one of another run or another producer changes nothing.

        Nor does what leaves beside an outcome: its id is the outcome's, its task is not.
        """
        place = parse_result_id(str(record.value.get("result_id", "")))
        marks = self._partitions.get(place[:2]) if place else None
        if place is None or marks is None or place[2] < marks.base:
            return
        if record.value.get("task", place[3]) != place[3]:
            return
        scores = record.value.get("scores")
        ranking = self._rankings.code(_ranking(scores)) if isinstance(scores, dict) else 0
        marks.outcome(place[2], place[3], ranking, record.topic_id == DEAD_LETTERS)

    @property
    def done(self) -> int:
        """Events with an outcome so far."""
        return sum(marks.done for marks in self._partitions.values())

    @property
    def events(self) -> int:
        """Events produced so far."""
        return sum(marks.events for marks in self._partitions.values())

    def tally(self) -> Tally:
        """Return the counts."""
        duplicates = dead = 0
        for marks in self._partitions.values():
            duplicates += marks.count_repeats()
            dead += marks.count_dead()
        return Tally(
            events=self.events,
            outcomes=self.done,
            missing=self.events - self.done,
            duplicates=duplicates,
            dead_letters=dead,
        )

    def judged(self) -> Counter[tuple[str, Ranking]]:
        """Return how often each truth met each ranking of labels."""
        counts: Counter[tuple[str, Ranking]] = Counter()
        for marks in self._partitions.values():
            for (truth, ranking), count in marks.pairs().items():
                counts[self._truths.names(truth)[0], self._rankings.names(ranking)] += count
        return counts


_PRODUCED = 0x01
_DEAD = 0x80
_TASK_BITS = (0x02, 0x04, 0x08, 0x10, 0x20, 0x40)
_ANY_TASK = 0x7E
_MOST_REPEATS = 255


class _Marks:
    """The events of one partition: bits, repeats, truth and ranking, by offset."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.events = 0
        self.done = 0
        self._tasks: dict[str, int] = {}
        self._bits = bytearray()
        self._repeats = bytearray()
        self._truths = array("H")
        self._rankings = array("H")

    def produced(self, offset: int, truth: int) -> None:
        index = self._index(offset)
        self.events += 1
        self.done += bool(self._bits[index] & _ANY_TASK)
        self._bits[index] |= _PRODUCED
        self._truths[index] = truth

    def outcome(self, offset: int, task: str, ranking: int, is_dead: bool) -> None:
        index = self._index(offset)
        bits = self._bits[index]
        bit = self._tasks.setdefault(task, _TASK_BITS[len(self._tasks) % len(_TASK_BITS)])
        if bits & bit:
            self._repeats[index] = min(self._repeats[index] + 1, _MOST_REPEATS)
            return
        self.done += bits & (_ANY_TASK | _PRODUCED) == _PRODUCED
        self._bits[index] = bits | bit | (_DEAD if is_dead else 0)
        self._rankings[index] = ranking or self._rankings[index]

    def count_repeats(self) -> int:
        if not any(self._repeats):
            return 0
        both = zip(self._bits, self._repeats, strict=True)
        return sum(repeats for bits, repeats in both if bits & _PRODUCED)

    def count_dead(self) -> int:
        return sum(bits & (_DEAD | _PRODUCED) == _DEAD | _PRODUCED for bits in self._bits)

    def pairs(self) -> Counter[tuple[int, int]]:
        pairs = Counter(zip(self._truths, self._rankings, strict=True))
        return Counter({pair: count for pair, count in pairs.items() if all(pair)})

    def _index(self, offset: int) -> int:
        index = offset - self.base
        if index >= len(self._bits):
            grow = max(index + 1, 2 * len(self._bits)) - len(self._bits)
            self._bits.extend(bytes(grow))
            self._repeats.extend(bytes(grow))
            self._truths.extend(array("H", bytes(2 * grow)))
            self._rankings.extend(array("H", bytes(2 * grow)))
        return index


class _Names:
    """Short codes for the few different names there are; 0 is none."""

    _MOST = 65_535

    def __init__(self) -> None:
        self._codes: dict[Ranking, int] = {}

    def code(self, names: Ranking) -> int:
        """Return the names' code; beyond the 65,535th, which no truth is, 0."""
        if names not in self._codes and len(self._codes) == self._MOST:
            return 0
        return self._codes.setdefault(names, len(self._codes) + 1)

    def names(self, code: int) -> Ranking:
        return list(self._codes)[code - 1]


def _ranking(scores: Mapping[str, Any]) -> Ranking:
    return tuple(sorted(scores, key=lambda label: (-float(scores[label]), label)))
