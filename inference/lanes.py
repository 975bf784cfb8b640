"""Whose turn it is: urgent lanes first, and a share for those that have waited too long.

Strict order alone would starve the lowest lane under a flood; age alone would let a flood of
reviews, all of them old, go before every chat. So a lane is let before more urgent ones only while
its oldest item is overdue and it has had less than its share since then: shares are counted as in
start-time fair queueing (Goyal, Vin and Cheng, 1996), in work done divided by weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference.messages import Lane


@dataclass(frozen=True, kw_only=True)
class LaneRule:
    """How a lane stands beside the others; the lane's own number is its priority."""

    weight: float  # its share beside other lanes, once its oldest item is overdue
    patience_s: float  # an item that has waited longer is overdue


LANES: Mapping[Lane, LaneRule] = {
    Lane.CHAT: LaneRule(weight=8.0, patience_s=0.0),
    Lane.REVIEWS: LaneRule(weight=3.0, patience_s=1.0),
    Lane.ORDERS: LaneRule(weight=1.0, patience_s=2.0),
    Lane.SHADOW: LaneRule(weight=0.1, patience_s=5.0),
}


class Turns:
    """What each lane was served, and whose turn is next."""

    def __init__(self, rules: Mapping[Lane, LaneRule] = LANES) -> None:
        self._rules = rules
        self._served = dict.fromkeys(rules, 0.0)  # work divided by weight
        self._virtual = 0.0  # what the lane served last had been served before
        self._rivals: frozenset[Lane] = frozenset()

    def choose(self, oldest: Mapping[Lane, float], now: float) -> Lane:
        """Return the lane to serve, of those whose oldest item waits since `oldest`, in seconds."""
        overdue = {
            lane for lane, since in oldest.items() if now - since > self._rules[lane].patience_s
        }
        rivals = frozenset({min(oldest), *overdue})
        for lane in rivals - self._rivals:
            # Who did not wait has saved nothing up: nobody makes up for idle times by a burst.
            self._served[lane] = max(self._served[lane], self._virtual)
        self._rivals = rivals
        return min(rivals, key=lambda lane: (self._served[lane], lane))

    def charge(self, lane: Lane, work: float) -> None:
        """Count work done for the lane that was chosen."""
        self._virtual = self._served[lane]
        self._served[lane] += work / self._rules[lane].weight
