"""How many padded tokens a batch may hold: found by measuring the model where it runs.

The budget bounds what a chat waits for the batch that is running: the largest one whose batch, of
the shortest texts or of the longest, stays under a time. What disturbs a measurement only makes
it longer, so that one good try of several counts, and more tokens take no less time.
"""

from __future__ import annotations

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


def largest(fits: Callable[[int], bool], most: int) -> int:
    """Return about the largest number up to `most` that fits, 1 if none does.

    `fits` must be true up to some number and false beyond it.
    """
    low = 1
    while low * 2 <= most and fits(low * 2):
        low *= 2
    high = min(low * 2, most + 1)
    while high - low > max(1, low // PRECISION):
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low


def _of_sample(sample: Encoded, seconds: Stopwatch, bound_s: float) -> int:
    def fits(count: int) -> bool:
        try:
            return any(seconds([sample] * count) <= bound_s for _ in range(TRIES))
        except Exception as error:
            if is_out_of_memory(error):
                return False
            raise

    length = int(sample.length)
    return length * largest(fits, max(1, MOST_TOKENS // length))
