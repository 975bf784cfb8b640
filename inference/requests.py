"""What the client waits for: answers to requests, and models that were wished for."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from inference import frames, protocol
from inference.frames import Action, Ask, Loaded, Seat, Wish
from inference.messages import Answer, Lane
from inference.pieces import Piece


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
    asked: int = 0

    def encoded(self, now: float) -> bytes:
        """Return it as it travels at a time of the event loop: what is left of its time shrinks."""
        deadlines = self.piece.deadlines
        timed = not all(map(math.isinf, deadlines))
        return frames.ask_bytes(
            Ask(
                request=self.number,
                slot=self.to.slot,
                seat=self.to.seat,
                lane=self.to.lane,
                items=self.piece.items,
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
