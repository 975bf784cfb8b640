"""Tables by key and window of time: what happened in which minute, hour or day.

Windows, and when one is stale, are Faust's (`faust.windows`). Its bookkeeping of them is not used:
it grows with every write, forgets windows that a restart has restored, and leaves expired ones in
the changelog. Here the writes clear up themselves: each takes a few stale windows along as
deletions, so that changelog and store lose them with the same batch, in the same transaction.

A partition's time is the newest that was written, but never ahead of the clock: a worker that
works off a backlog keeps the windows that it still writes to, and a date in the far future ends
none. What comes after its window has become stale is not counted any more.

How Faust's own ways to choose a window are said here:

| Faust                        | here                                             |
| ---------------------------- | ------------------------------------------------ |
| `table[key] += 1`            | `table.apply(changes, key, at, one_more)`        |
| `table[key].value()`         | `table.value(changes, key, at)`                  |
| `table[key].delta(3600)`     | `table.value(changes, key, at - 3600)`           |
| `.relative_to_field(F.sent)` | `at = event.sent.timestamp()`                    |
| `.relative_to_now()`         | `at = time.time()`                               |
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from faust.types.windows import WindowRange, WindowRange_from_start
from faust.windows import HoppingWindow

from streams.ordered_shelves import PREFIX_LENGTH, OrderedShelf, ordered_shelf_of
from streams.shelves import Json
from streams.tables import Changes, ChunkTable, Overlay

MILLISECONDS = 1000


class WindowedTable(ChunkTable):
    """A table by key and window; `at`, in Unix seconds, chooses the window."""

    window: HoppingWindow

    def __init__(self, *args: Any, window: HoppingWindow, **more: Any) -> None:
        if not window.expires:
            raise ValueError("a windowed table needs an expiry: without it, it grows for ever")
        super().__init__(*args, window=window, **more)
        self._expiries: WeakKeyDictionary[Overlay, _Expiry] = WeakKeyDictionary()

    def value(self, changes: Changes, key: str, at: float) -> Json | None:
        """Return the value in the newest window that holds `at`, None if there is none."""
        window = self.window.current(at)
        is_stale = self._expiry(changes.overlay).is_stale(window)
        return None if is_stale else changes.get(self, _name(window, key))

    def apply(
        self, changes: Changes, key: str, at: float, change: Callable[[Json | None], Json | None]
    ) -> None:
        """Replace the value in each window that holds `at`; None is the absence of one.

        A window that is stale already is left alone.
        """
        expiry = self._expiry(changes.overlay)
        expiry.advance(min(at, time.time()))
        windows = self.window.ranges(at)
        for window in windows:
            if not expiry.is_stale(window):
                name = _name(window, key)
                changes.put(self, name, change(changes.get(self, name)))
        # One more than may have been added, so that it catches up.
        for name in expiry.take(len(windows) + 1):
            # What is still on its way into a window goes first; the next round comes by again.
            if not changes.overlay.is_pending(self, name):
                changes.put(self, name, None)

    def _should_expire_keys(self) -> bool:
        return False  # by Faust's clock: `apply` does it

    def _expiry(self, overlay: Overlay) -> _Expiry:
        expiry = self._expiries.get(overlay)
        if expiry is None:
            changelog = self._changelog(overlay.partition)
            expiry = _Expiry(self.window, lambda: self._shelf.ascending(changelog))
            self._expiries[overlay] = expiry
        return expiry

    @cached_property
    def _shelf(self) -> OrderedShelf:
        return ordered_shelf_of(self.data)


class _Expiry:
    """What of one partition is stale."""

    def __init__(self, window: HoppingWindow, stored: Callable[[], Iterator[str]]) -> None:
        self._window = window
        self._stored = stored  # names in the store, oldest window first
        self._newest = 0.0
        self._step = 0.0  # up to which one the store was looked through
        self._due: Iterator[str] = iter(())

    def advance(self, now: float) -> None:
        """Let the partition's time reach `now`."""
        if now <= self._newest:
            return
        self._newest = now
        step = self._window.current(now)[0]
        if step > self._step:
            self._step = step
            self._due = self._stale()

    def is_stale(self, window: WindowRange) -> bool:
        """Whether a window is over for good."""
        return bool(self._window.stale(window[1], self._newest))

    def take(self, count: int) -> Iterator[str]:
        """Return the next names of stale windows."""
        return islice(self._due, count)

    def _stale(self) -> Iterator[str]:
        for name in self._stored():
            start = int(name[:PREFIX_LENGTH]) / MILLISECONDS
            if not self.is_stale(WindowRange_from_start(start, self._window.size)):
                return
            yield name


def _name(window: WindowRange, key: str) -> str:
    """Return the table's key: names of older windows come first."""
    return f"{round(window[0] * MILLISECONDS):0{PREFIX_LENGTH}d}{key}"
