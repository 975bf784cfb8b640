"""Release by key: which of a partition's records may leave now.

A record may leave once its outcome is known and every earlier record of its key has left. Records
of other keys do not hold it up. No I/O and no clock.

Records come in groups, a chunk each, and nearly always the oldest group is the next one whose
outcomes are known: it leaves as a whole, and no key is looked at. Keys are looked at only where a
group overtakes an earlier one, among the records that have not left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar


class Group:
    """Records that came together, by their places in it: 0, 1, 2 and so on."""

    __slots__ = ("keys", "ready", "waiting")

    def __init__(self, keys: list[Hashable]) -> None:
        self.keys = keys  # by place; None: in no order with others
        self.waiting: Sequence[int] = range(len(keys))  # places that have not left, ascending
        self.ready: set[int] = set()  # those of them whose outcomes are known

    @property
    def is_ready(self) -> bool:
        """Whether the outcomes of all that have not left are known."""
        return len(self.ready) == len(self.waiting)


T = TypeVar("T", bound=Group)

MayLeave = Callable[[T, int], bool]
"""Asked for a record that would overtake an earlier one: its group and place."""


class KeyOrder(Generic[T]):
    """The records of one partition that have not left."""

    def __init__(self) -> None:
        self._groups: deque[T] = deque()
        self._is_changed = False  # since keys were looked at

    def add(self, group: T) -> None:
        """Put a group's records behind all earlier ones."""
        self._groups.append(group)

    def ready(self, group: T, places: Iterable[int]) -> None:
        """Let records leave as soon as their keys' order allows it."""
        group.ready.update(places)
        self._is_changed = True

    def take_first(self) -> tuple[T, Sequence[int]] | None:
        """Return what has not left of the oldest group, if it may leave as a whole."""
        if not self._groups or not self._groups[0].is_ready:
            return None
        group = self._groups.popleft()
        self._is_changed = True
        return group, group.waiting

    def take_ahead(self, limit: int, may_leave: MayLeave[T]) -> list[tuple[T, list[int]]]:
        """Return up to `limit` records that leave before earlier ones, in order within each key.

        `may_leave` is asked once for each; one that may not holds back its key.
        """
        if not self._is_changed:
            return []
        taken: list[tuple[T, list[int]]] = []
        held: set[Hashable] = set()  # keys with a record that stays
        unseen = sum(len(group.ready) for group in self._groups)
        for group in self._groups:
            if not unseen:
                break
            unseen -= len(group.ready)
            if group.ready and (places := _leaving(group, held, limit, may_leave)):
                taken.append((group, places))
                limit -= len(places)
            held.update(group.keys[place] for place in group.waiting)
        self._is_changed = limit == 0
        self._drop_empty()
        return taken

    def _drop_empty(self) -> None:
        if any(not group.waiting for group in self._groups):
            self._groups = deque(group for group in self._groups if group.waiting)


def _leaving(group: T, held: set[Hashable], limit: int, may_leave: MayLeave[T]) -> list[int]:
    """Return the places that leave now, and take them out of the group."""
    places: list[int] = []
    held_here: set[Hashable] = set()
    for place in group.waiting:
        key = group.keys[place]
        is_free = key is None or not (key in held or key in held_here)
        if is_free and place in group.ready and len(places) < limit and may_leave(group, place):
            places.append(place)
        else:
            held_here.add(key)
    left = set(places)
    group.waiting = [place for place in group.waiting if place not in left]
    group.ready -= left
    return places
