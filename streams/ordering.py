"""Release by key: which of a partition's records may leave now.

A record may leave once its outcome is known and every earlier record of its key has left. Records
of other keys do not hold it up. No I/O and no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar


@dataclass(slots=True, eq=False, kw_only=True)
class Ordered:
    """What is ordered: a key, and where it stands."""

    key: Hashable = None  # None: in no order with others
    is_ready: bool = False
    is_blocked: bool = False  # an earlier one of the key has not left
    follower: Ordered | None = None  # the next one of the key


T = TypeVar("T", bound=Ordered)


class KeyOrder(Generic[T]):
    """The records of one partition that have not left."""

    def __init__(self) -> None:
        self._last: dict[Hashable, T] = {}  # the latest of each key
        self._leaving: deque[T] = deque()  # ready, and nothing before them
        self._waiting = 0

    @property
    def is_empty(self) -> bool:
        """Whether everything has left."""
        return not self._waiting

    def add(self, one: T) -> None:
        """Put a record behind the earlier ones of its key."""
        self._waiting += 1
        if one.key is None:
            return
        before = self._last.get(one.key)
        if before is not None:
            before.follower = one
            one.is_blocked = True
        self._last[one.key] = one

    def ready(self, one: T) -> None:
        """Let a record leave as soon as its key's order allows it."""
        one.is_ready = True
        if not one.is_blocked:
            self._leaving.append(one)

    def take(self, limit: int, may_leave: Callable[[T], bool]) -> list[T]:
        """Return up to `limit` records that leave now, in order within each key.

        `may_leave` is asked once for each; one that may not stays first in line.
        """
        taken: list[T] = []
        kept: list[T] = []
        while self._leaving and len(taken) < limit:
            one = self._leaving.popleft()
            if may_leave(one):
                taken.append(one)
                self._unblock(one)
            else:
                kept.append(one)
        self._leaving.extendleft(reversed(kept))
        self._waiting -= len(taken)
        return taken

    def _unblock(self, one: T) -> None:
        if one.key is None:
            return
        follower = one.follower
        if follower is None:
            if self._last.get(one.key) is one:
                del self._last[one.key]
            return
        follower.is_blocked = False
        if follower.is_ready:
            self._leaving.append(follower)  # type: ignore[arg-type]
