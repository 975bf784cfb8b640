"""Identical texts: one rides, all are answered once, and nobody waits for a less urgent one."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inference.cache import Key
from inference.flights import Flights
from inference.messages import Lane
from inference.scheduler import Entry


def entry(request: int, text: int | None, lane: Lane = Lane.REVIEWS) -> Entry:
    key: Key | None = None if text is None else ("s", "h", "float32", bytes([text]))
    return Entry(
        slot="s",
        lane=lane,
        length=0,
        request=request,
        place=0,
        queued_at=0.0,
        deadline=math.inf,
        key=key,
        payload=None,
    )


class Life(RuleBasedStateMachine):
    """Any order of coming, landing and leaving."""

    def __init__(self) -> None:
        super().__init__()
        self.flights = Flights()
        self.riding: dict[int, Entry] = {}
        self.following: dict[int, Entry] = {}
        self.number = 0

    @rule(text=st.none() | st.integers(0, 2), lane=st.sampled_from(Lane))
    def come(self, text: int | None, lane: Lane) -> None:
        self.number += 1
        mine = entry(self.number, text, lane)
        same = [one for one in self.riding.values() if mine.key and one.key == mine.key]
        follows = self.flights.join(mine)
        if follows:
            assert any(one.lane <= lane for one in same)
            self.following[self.number] = mine
        else:
            self.riding[self.number] = replace(mine, length=7, payload=text)

    @precondition(lambda self: self.riding)
    @rule(data=st.data())
    def land(self, data: st.DataObject) -> None:
        rider = self.riding.pop(data.draw(st.sampled_from(sorted(self.riding))))
        for follower in self.flights.land(rider):
            assert follower.key == rider.key
            del self.following[follower.request]
        assert not self.flights.land(rider)

    @precondition(lambda self: self.riding)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        rider = self.riding.pop(data.draw(st.sampled_from(sorted(self.riding))))
        heir = self.flights.leave(rider)
        if heir is not None:
            mine = self.following.pop(heir.request)
            assert (heir.key, heir.lane) == (mine.key, mine.lane)
            assert (heir.length, heir.payload) == (rider.length, rider.payload)
            self.riding[heir.request] = heir

    @invariant()
    def nobody_follows_nobody(self) -> None:
        led = {one.key for one in self.riding.values()}
        assert {one.key for one in self.following.values()} <= led
        assert len(self.flights) <= len(led)

    def teardown(self) -> None:
        for rider in self.riding.values():
            for follower in self.flights.land(rider):
                del self.following[follower.request]
        assert not self.following
        assert not len(self.flights)


TestLife = Life.TestCase
