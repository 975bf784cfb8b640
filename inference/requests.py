"""What the client waits for: answers to requests, and models that were wished for."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from inference import frames, protocol
from inference.frames import Action, Ask, Loaded, Seat, Wish
from inference.messages import HARMLESS, WORKER_DIED, Answer, Item, Lane
from inference.pieces import Piece

MAX_ASKED = 3
"""An item that three workers ended with is held to have ended them."""


def hashed(item: Item) -> Hashable:
    """Return an item as a key."""
    return item if isinstance(item, str) else tuple(item)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Whom a call asks, and how urgently."""

    slot: str
    seat: Seat
    lane: Lane


@dataclass(kw_only=True, eq=False)
class Request:
    """One request, kept to be asked again."""

    number: int
    to: Address
    piece: Piece
    answer: asyncio.Future[Answer]
    asked: int = 0  # workers that ended and may have ended over it; and the one that has it
    deaths: Counter[int] = field(default_factory=Counter)  # by place: of workers that were at it

    @property
    def condemned(self) -> list[int]:
        """Places of items that so many workers were at when they ended that no other is asked."""
        return [place for place, deaths in self.deaths.items() if deaths >= MAX_ASKED]

    @property
    def is_given_up(self) -> bool:
        """Whether workers end whatever they are asked in its place, or nobody knows over what."""
        return self.asked >= MAX_ASKED or any(one > MAX_ASKED for one in self.deaths.values())

    def blame(self, places: Iterable[int]) -> None:
        """Hold a worker's end against some of the items, or none, and not against the rest."""
        self.asked = max(0, self.asked - 1)  # it may not have been sent yet
        self.deaths.update(places)

    def places_of(self, items: Collection[Hashable]) -> list[int]:
        """Return where those items stand."""
        return [place for place, one in enumerate(self.piece.items) if hashed(one) in items]

    def completed(self, answer: Answer) -> Answer:
        """Return the answer with an error for what no worker was asked any more."""
        if not (condemned := self.condemned):
            return answer
        rows = answer.rows.copy()
        rows[condemned] = np.nan
        errors = {**answer.errors, **dict.fromkeys(condemned, WORKER_DIED)}
        return replace(answer, rows=rows, errors=errors)

    def encoded(self, now: float) -> bytes:
        """Return it as it travels at a time of the event loop: what is left of its time shrinks."""
        deadlines = self.piece.deadlines
        timed = not all(map(math.isinf, deadlines))
        items = list(self.piece.items)
        for place in self.condemned:  # so that a worker shows that it answers something at all
            items[place] = HARMLESS
        return frames.ask_bytes(
            Ask(
                request=self.number,
                slot=self.to.slot,
                seat=self.to.seat,
                lane=self.to.lane,
                items=items,
                apart=sorted(self.deaths),
                within_s=[deadline - now for deadline in deadlines] if timed else None,
            )
        )


@dataclass(kw_only=True, eq=False)
class Wished:
    """What one worker is to do with a slot's models."""

    wish: Wish
    granted: asyncio.Future[Loaded]

    @property
    def changes_the_answers(self) -> bool:
        """Whether another model is in use once it is granted."""
        return self.wish.action is Action.SWAP

    def encoded(self) -> bytes:
        """Return it as it travels."""
        return protocol.encode(frames.wish_frame(self.wish))
