"""What one call asks, in requests of bounded size, and their answers as one again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.messages import EXPIRED, Answer, Item, ModelInfo

PIECE_ITEMS = 1024
PIECE_CHARACTERS = 8_000_000
"""One request of the worker holds no more: a frame stays small, and others find room between."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """Some of a call's items."""

    items: list[Item] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)  # of each item, of the event loop's clock

    @property
    def last_deadline(self) -> float | None:
        """When none of the items is waited for any more; None if one of them is for ever."""
        last = max(self.deadlines)
        return None if math.isinf(last) else last


def split(
    items: Sequence[Item], deadlines: Sequence[float], *, most: int, max_characters: int
) -> Iterator[Piece]:
    """Yield the items, each cut to the characters that can matter, in pieces of `most` items."""
    piece, size = Piece(), 0
    for item, deadline in zip(items, deadlines, strict=True):
        cut: Item = (
            item[:max_characters]
            if isinstance(item, str)
            else [text[:max_characters] for text in item]
        )
        length = len(cut) if isinstance(cut, str) else sum(map(len, cut))
        full = len(piece.items) == min(most, PIECE_ITEMS) or size + length > PIECE_CHARACTERS
        if piece.items and full:
            yield piece
            piece, size = Piece(), 0
        piece.items.append(cut)
        piece.deadlines.append(deadline)
        size += length
    if piece.items:
        yield piece


def joined(answers: Sequence[Answer], model: ModelInfo) -> Answer:
    """Return the answers of a call's pieces, none or several, as one."""
    starts = np.cumsum([0, *(len(answer.rows) for answer in answers)]).tolist()
    empty = np.zeros((0, model.width), dtype=np.float32)
    return Answer(
        rows=np.concatenate([empty, *(answer.rows for answer in answers)]),
        errors={
            start + place: error
            for start, answer in zip(starts, answers, strict=False)
            for place, error in answer.errors.items()
        },
        queue_ms=np.concatenate([empty[:, 0], *(answer.queue_ms for answer in answers)]),
        compute_ms=np.concatenate([empty[:, 0], *(answer.compute_ms for answer in answers)]),
        model=answers[0].model if answers else model,
        cached=sum(answer.cached for answer in answers),
    )


def all_expired(count: int, model: ModelInfo) -> Answer:
    """Return the answer of a request whose every item came too late."""
    nothing = np.zeros(count, dtype=np.float32)
    return Answer(
        rows=np.full((count, model.width), np.nan, dtype=np.float32),
        errors=dict.fromkeys(range(count), EXPIRED),
        queue_ms=nothing,
        compute_ms=nothing,
        model=model,
    )
