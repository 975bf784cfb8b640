"""The newest outcomes of this worker, a bounded number a topic, as they were sent."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, Final

import orjson

from streams.publisher import Publication

KEPT: Final = 300
"""Outcomes a topic."""
MAX_BYTES: Final = 8 * 1024
"""A larger one, a dead letter with its record, is not kept: memory is bounded by the two."""

_PRODUCED: Final = itemgetter("produced_at")


class Recent:
    """Keeps values by the broker's name of their topic; reads them only when somebody asks."""

    def __init__(self, kept: int = KEPT) -> None:
        self._values: defaultdict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=kept))
        self.number = 0
        """Grows whenever there is something new."""

    def add(self, outcomes: Iterable[Publication]) -> None:
        """Keep outcomes that the broker has."""
        self.number += 1
        for one in outcomes:
            if one.value is not None and len(one.value) <= MAX_BYTES:
                self._values[one.topic].append(one.value)

    def newest(self, topics: Iterable[str], limit: int, text: str = "") -> list[dict[str, Any]]:
        """Return outcomes of these topics that hold the text, newest first, as objects.

        Each has its topic's name in `topic`.
        """
        found = [
            {**orjson.loads(value), "topic": topic}
            for topic in topics
            for value in self._holding(topic, text.casefold())[-limit:]
        ]
        return sorted(found, key=_PRODUCED, reverse=True)[:limit]

    def _holding(self, topic: str, text: str) -> list[bytes]:
        values = list(self._values.get(topic, ()))
        if not text:
            return values
        return [one for one in values if text in one.decode("utf-8", "replace").casefold()]
