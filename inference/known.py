"""Which models a worker has, as its client knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inference.errors import ModelError, UnknownSlot
from inference.frames import Action, Loaded, Seat
from inference.messages import ModelInfo
from inference.requests import Address, Wished


class Known:
    """The models in use and those beside them, and which of them an answer may still name."""

    def __init__(self) -> None:
        self._in_use: dict[str, Loaded] = {}  # by slot
        self._beside: dict[str, Loaded] = {}  # likewise
        self._models: dict[str, ModelInfo] = {}  # by version
        self._gone: dict[str, int] = {}  # versions that are freed, and the last request before that

    @property
    def in_use(self) -> Mapping[str, ModelInfo]:
        """The models that answer, by slot."""
        return {slot: one.model for slot, one in self._in_use.items()}

    @property
    def beside(self) -> Mapping[str, ModelInfo]:
        """The models that stand beside those in use, by slot."""
        return {slot: one.model for slot, one in self._beside.items()}

    @property
    def by_version(self) -> Mapping[str, ModelInfo]:
        """All that an answer may name."""
        return self._models

    def seated(self, to: Address) -> ModelInfo:
        """Return the model that is asked; raises `UnknownSlot`, `ModelError` for an empty seat."""
        if to.slot not in self._in_use:
            raise UnknownSlot(f"no model is loaded as {to.slot!r}")
        seats = self._in_use if to.seat is Seat.IN_USE else self._beside
        if to.slot not in seats:
            raise ModelError(f"no model stands ready beside that of {to.slot}: load one first")
        return seats[to.slot].model

    def adopt(self, loaded: Sequence[Loaded]) -> Sequence[str]:
        """Take in what a new worker has; return the slots whose other model ended with the old."""
        lost = sorted(self._beside)
        self._in_use = {one.model.slot: one for one in loaded}
        self._beside, self._gone = {}, {}
        self._models = {one.version: one.model for one in loaded}
        return lost

    def grant(self, wished: Wished, loaded: Loaded, oldest: int, newest: int) -> None:
        """Take in what was wished for.

        `oldest` is the first request that is not answered, `newest` the last that was sent: until
        that is answered, answers may name a model that is freed by this.
        """
        slot = wished.wish.slot
        self._models[loaded.version] = loaded.model
        if wished.wish.action is Action.LOAD:
            self._beside[slot] = loaded
        else:
            self._beside.pop(slot, None)
            self._in_use[slot] = loaded
        there = {one.version for one in (*self._in_use.values(), *self._beside.values())}
        for version in self._models.keys() - there:
            self._gone.setdefault(version, newest)
        for version in [one for one, last in self._gone.items() if last < oldest]:
            del self._gone[version], self._models[version]
