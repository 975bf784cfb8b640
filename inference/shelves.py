"""The models of each slot: the one in use, and one that is to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference.errors import ModelError, UnknownSlot
from inference.frames import Loaded, Seat
from inference.models.base import Model


@dataclass(frozen=True, kw_only=True, eq=False)
class Version:
    """One model as it was loaded once."""

    model: Model
    loaded: Loaded  # what the client is told of it

    @property
    def key(self) -> str:
        """What its queue is called, and its answers say."""
        return self.loaded.version


@dataclass(kw_only=True, eq=False)
class _Shelf:
    current: Version
    coming: Version | None = None


class Shelves:
    """Who answers in each slot. A model that stands on no shelf is freed with its last item."""

    def __init__(self, versions: Mapping[str, Version]) -> None:
        self._shelves = {slot: _Shelf(current=version) for slot, version in versions.items()}

    def current(self, slot: str) -> Version:
        """Return the model in use; raises `UnknownSlot`."""
        return self._shelf(slot).current

    def seated(self, slot: str, seat: Seat) -> Version:
        """Return the model of a seat; raises `UnknownSlot`, and `ModelError` for an empty one."""
        return self.current(slot) if seat is Seat.IN_USE else self._coming(slot)

    def queues(self) -> dict[str, str]:
        """Return the key of the model in use, by slot."""
        return {slot: shelf.current.key for slot, shelf in self._shelves.items()}

    def bring(self, slot: str, version: Version) -> list[Version]:
        """Put a model beside the one in use; return what stands there no more."""
        shelf = self._shelf(slot)
        freed, shelf.coming = shelf.coming, version
        return [freed] if freed else []

    def swap(self, slot: str) -> list[Version]:
        """Use the model that was brought; return what stands there no more: the one before."""
        coming, shelf = self._coming(slot), self._shelf(slot)
        freed, shelf.current, shelf.coming = shelf.current, coming, None
        return [freed]

    def clear(self, slot: str) -> list[Version]:
        """Return the model beside the one in use, if there is one; it stands there no more."""
        shelf = self._shelf(slot)
        freed, shelf.coming = shelf.coming, None
        return [freed] if freed else []

    def _coming(self, slot: str) -> Version:
        coming = self._shelf(slot).coming
        if coming is None:
            raise ModelError(f"no model stands ready beside that of {slot}: load one first")
        return coming

    def _shelf(self, slot: str) -> _Shelf:
        shelf = self._shelves.get(slot)
        if shelf is None:
            raise UnknownSlot(f"no model is loaded as {slot!r}")
        return shelf
