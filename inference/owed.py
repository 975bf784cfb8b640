"""What is owed to requests: from their admission until their last item has landed.

An item waits until it rides or is settled, and rides until it has landed or is taken back. A
request that was cancelled is owed nothing more, whatever its items were at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inference.messages import Lane

Place = tuple[Lane, str]
"""A lane, and the model that is asked."""


@dataclass(kw_only=True, eq=False)
class _Account:
    place: Place
    waiting: int
    riding: int = 0


class Owed:
    """Accounts of requests. A pure object."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        """`forget` is called of a model that leaves, with its last item."""
        self._forget = forget
        self._accounts: dict[int, _Account] = {}  # by request
        self._requests: Counter[str] = Counter()  # their number, by model
        self._leaving: set[str] = set()
        self.waiting: Counter[Place] = Counter()  # items

    def __contains__(self, request: int) -> bool:
        """Whether a request is owed anything."""
        return request in self._accounts

    def open(self, request: int, place: Place, count: int) -> None:
        """Owe a request so many items, at least one."""
        self._accounts[request] = _Account(place=place, waiting=count)
        self._requests[place[1]] += 1
        self.waiting[place] += count

    def ride(self, requests: Iterable[int]) -> None:
        """Take in that an item of each rides."""
        for request in requests:
            account = self._accounts[request]
            account.riding += 1
            self._wait(account, -1)

    def back(self, requests: Iterable[int]) -> None:
        """Take in that a riding item of each waits again."""
        for request in requests:
            account = self._accounts[request]
            account.riding -= 1
            self._wait(account, 1)

    def land(self, requests: Iterable[int]) -> None:
        """Take in that the ride of an item of each has ended; of cancelled ones, nothing."""
        for request in requests:
            if (account := self._accounts.get(request)) is not None:
                account.riding -= 1
                self._close(request, account)

    def settle(self, request: int, count: int) -> None:
        """Take in that waiting items will not ride; of a cancelled request, nothing."""
        if (account := self._accounts.get(request)) is not None:
            self._wait(account, -count)
            self._close(request, account)

    def cancel(self, request: int) -> Place | None:
        """Owe a request nothing more; return where its items are, None if it was owed nothing."""
        account = self._accounts.get(request)
        if account is None:
            return None
        self._wait(account, -account.waiting)
        self._drop(request, account)
        return account.place

    def leave(self, model: str) -> None:
        """Forget a model, with its last item."""
        self._leaving.add(model)
        self._let_go(model)

    def _wait(self, account: _Account, count: int) -> None:
        account.waiting += count
        self.waiting[account.place] += count
        if not self.waiting[account.place]:
            del self.waiting[account.place]

    def _close(self, request: int, account: _Account) -> None:
        if not (account.waiting or account.riding):
            self._drop(request, account)

    def _drop(self, request: int, account: _Account) -> None:
        del self._accounts[request]
        model = account.place[1]
        self._requests[model] -= 1
        self._let_go(model)

    def _let_go(self, model: str) -> None:
        if self._requests[model]:
            return
        del self._requests[model]
        if model in self._leaving:
            self._leaving.remove(model)
            self._forget(model)
