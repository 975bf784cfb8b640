"""The reviews that wait for a person, and which of them a person has settled.

Reviews write what is held, decisions write what is settled: one source a table, so that the
changelogs' order is the partitions'. Both sources are keyed by the author, so that a decision finds
its review in the same worker. What a review says is kept for as long as it may wait; four weeks
later the windows that it lies in are over, and store and changelog lose it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import orjson
from faust.windows import TumblingWindow
from pydantic import TypeAdapter

from inference.tasks.moderation import Settlement
from schemas.codec import encode_result
from schemas.results import HeldReview
from schemas.topics import HELD_MS
from streams.faust_app import ShopApp, create_windowed_table
from streams.shelves import Json
from streams.tables import Changes
from streams.windows import WindowedTable

WINDOW: Final = timedelta(weeks=1)
KEPT: Final = timedelta(milliseconds=HELD_MS)
_LOOKED_AT: Final = KEPT // WINDOW + 1
"""Windows: this week's and those before that still hold something, in both tables alike. One more
would find a hold whose settlement is gone: either table ends its windows by its own writes."""
_HELD: Final[TypeAdapter[HeldReview]] = TypeAdapter(HeldReview)


@dataclass(frozen=True, kw_only=True)
class HeldReviews:
    """Two tables by author and review, in windows of a week."""

    held: WindowedTable  # the message of the latest hold
    settled: WindowedTable  # its `result_id` and that of the decision's outcome, once there is one

    def hold(self, message: HeldReview, changes: Changes) -> None:
        """Remember a review that waits; an earlier hold of it waits no more."""
        value = orjson.loads(encode_result(message))
        at = message.produced_at.timestamp()
        self.held.apply(changes, _key(message.user_id, message.review_id), at, lambda _: value)

    def find(
        self, user_id: str, review_id: str, changes: Changes
    ) -> tuple[HeldReview | None, Settlement | None]:
        """Return the latest hold of a review, settled or not, and what was settled of it last."""
        key, now = _key(user_id, review_id), time.time()  # one time: both look at the same windows
        held = self._newest(self.held, changes, key, now)
        settled = self._newest(self.settled, changes, key, now)
        return (
            None if held is None else _HELD.validate_python(held),
            None if settled is None else Settlement(held_id=settled[0], result_id=settled[1]),
        )

    def settle(self, held: HeldReview, result_id: str, changes: Changes) -> None:
        """Remember that a person has decided on a hold; `result_id` is that of the outcome."""
        key, value = _key(held.user_id, held.review_id), [held.result_id, result_id]
        self.settled.apply(changes, key, time.time(), lambda _: value)

    @staticmethod
    def _newest(table: WindowedTable, changes: Changes, key: str, now: float) -> Json | None:
        times = (now - number * WINDOW.total_seconds() for number in range(_LOOKED_AT))
        values = (table.value(changes, key, at) for at in times)
        return next((value for value in values if value is not None), None)


def create_held_reviews(app: ShopApp, partitions: int) -> HeldReviews:
    """Return the tables, added to the application."""
    window = TumblingWindow(WINDOW, expires=KEPT)
    return HeldReviews(
        held=create_windowed_table(app, "held-reviews", partitions, window),
        settled=create_windowed_table(app, "settled-reviews", partitions, window),
    )


def _key(user_id: str, review_id: str) -> str:
    return f"{user_id}\n{review_id}"  # no id has a control character
