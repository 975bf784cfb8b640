"""How many padded tokens a batch may hold: found by measuring the model where it runs.

The budget bounds what a chat waits for the batch that is running: the largest one whose batch, of
the shortest texts or of the longest, stays under a time. What disturbs a measurement only makes
it longer, so that one good try of several counts, and more tokens take no less time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from inference.faults import is_out_of_memory
from inference.messages import Item
from inference.models.base import Encoded, Model

MOST_TOKENS = 262_144
"""A batch that is larger makes no device faster, and takes its memory."""
TRIES = 2
PRECISION = 8
"""The budget is found to an eighth of itself."""
_SHORT = "好 good"
_SAMPLES: tuple[Item, ...] = (_SHORT, [_SHORT] * 50, f"{_SHORT} " * 2000)

Stopwatch = Callable[[Sequence[Encoded]], float]
"""Forwards a batch and returns the seconds that it took; raises what the model raises."""


def measure_budget(model: Model, seconds: Stopwatch, bound_s: float) -> int:
    """Return the padded tokens of a batch that takes `bound_s` at most.

    Where a single text takes longer, the budget is that text: it has to ride.
    """
    by_length = sorted(model.prepare(_SAMPLES), key=lambda sample: int(sample.length))
    return min(_of_sample(sample, seconds, bound_s) for sample in (by_length[0], by_length[-1]))


def largest(seconds: Callable[[int], float], bound_s: float, most: int) -> int:
    """Return about the largest number up to `most` that takes `bound_s` at most, 1 if none does.

    `seconds` must not fall. Who is served meanwhile waits for every try: numbers that take longer
    are tried only where time grows faster than the number does.
    """
    low, took = 1, seconds(1)
    high, long, an_item_s = most + 1, math.inf, 0.0
    while took <= bound_s:
        if high <= most and math.isinf(long):  # it does not fit into memory
            guess = (low + high) // 2
        elif high <= most:
            guess = low + int((high - low) * (bound_s - took) / (long - took))
        else:
            left = (bound_s - took) / an_item_s if an_item_s > 0 else math.inf
            guess = min(most, low + int(min(left, low)))
        if guess <= low + low // PRECISION:
            break
        tried = seconds(guess)
        if tried > bound_s:
            high, long = guess, tried
        else:
            an_item_s = (tried - took) / (guess - low)
            low, took = guess, tried
    return low


def _of_sample(sample: Encoded, seconds: Stopwatch, bound_s: float) -> int:
    def shortest(count: int) -> float:
        try:
            return min(seconds([sample] * count) for _ in range(TRIES))
        except Exception as error:
            if is_out_of_memory(error):
                return math.inf
            raise

    length = int(sample.length)
    return length * largest(shortest, bound_s, max(1, MOST_TOKENS // length))
