"""What is asked of the worker and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Item = str | list[str]
"""A text; two that a classifier reads together, such as a review and an aspect; or a customer's
history of catalogue texts, most recent last."""

HARMLESS = "good 很好"
"""Every model has rows for this text, or it has for none."""

Floats = NDArray[np.float32]


class Lane(IntEnum):
    """A queue of requests; the lowest number is the most urgent."""

    CHAT = 0
    REVIEWS = 1
    ORDERS = 2
    SHADOW = 3  # nobody waits for these


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a model is computed where it runs, and why so."""

    packed: bool  # whether the texts of a batch are one row, without padding
    threads: int  # of torch, on the CPU
    # Words for a person: what was tried, and what it came to; measured anew at each start.
    reason: str = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """One loaded model; equal to itself after a restart, whatever was measured."""

    slot: str  # what requests call it
    name: str  # its folder's or hub name
    hash: str  # first 16 hex digits of the SHA-256 of what determines its answers
    labels: tuple[str, ...]  # of a classifier's columns; empty where a row is a vector
    width: int  # numbers in a row
    device: str  # as torch calls it: cpu, cuda:0
    dtype: str  # of the products: float32, bfloat16, int8
    has_many_labels: bool = False  # whether a text may have several labels, or none, and not one
    plan: Plan | None = None  # where there was a choice
    # Padded tokens of one batch, as measured when it was loaded; 0 before that.
    batch_tokens: int = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class ItemError:
    """One item made the model fail."""

    code: str  # stable, fit for a metric's label
    reason: str  # a sentence that repeats nothing of the item


UNREADABLE = ItemError(
    code="unreadable", reason="the text is empty, or the model knows no word or character of it"
)
NOT_PREPARED = ItemError(code="not_prepared", reason="the tokenizer failed on this text")
WORKER_DIED = ItemError(
    code="worker_died", reason="the inference worker ended each time it was asked this"
)
EXPIRED = ItemError(code="expired", reason="its deadline passed before its turn came")


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What the model says to the items of one request."""

    rows: Floats  # [items, width]; not-a-number where the item failed
    errors: Mapping[int, ItemError]  # by the item's place in the request
    queue_ms: Floats  # [items]: waiting for the device
    compute_ms: Floats  # [items]: forward pass of the batch that the item rode in; 0 if in none
    model: ModelInfo  # which of those that its slot has had
    cached: int = 0  # items whose row was known already, or computed for an identical item


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What the device has done with one model since its worker began."""

    batches: int = 0
    items: int = 0  # that rode in them
    tokens: int = 0  # of the items alone
    padded_tokens: int = 0  # longest item times their number: what the device computed
    allowed_tokens: int = 0  # what the batches might have held
    busy_s: float = 0.0  # the device had nothing else meanwhile

    def __add__(self, other: Worked) -> Worked:
        """Return what both have done together."""
        return Worked(
            batches=self.batches + other.batches,
            items=self.items + other.items,
            tokens=self.tokens + other.tokens,
            padded_tokens=self.padded_tokens + other.padded_tokens,
            allowed_tokens=self.allowed_tokens + other.allowed_tokens,
            busy_s=self.busy_s + other.busy_s,
        )


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """How the worker stands, as it said last."""

    waiting: Mapping[str, int] = field(default_factory=dict)  # items, by lane
    batch_tokens: Mapping[str, int] = field(default_factory=dict)  # by slot; less after a fault
    cached_rows: int = 0  # texts that are known
    cached_bytes: int = 0  # what they take
    hits: Mapping[str, int] = field(default_factory=dict)
    """Of each slot, texts that were known, or on their way for others, since the worker began."""
    misses: Mapping[str, int] = field(default_factory=dict)
    """Texts that were computed. The shadow's count as neither."""
    worked: Mapping[str, Worked] = field(default_factory=dict)  # by slot
    device_bytes: Mapping[str, int] = field(default_factory=dict)  # memory held, by device

    def hit_rate(self, slot: str) -> float:
        """Return which share of a slot's texts needed no computing; 0 before the first."""
        hits, misses = self.hits.get(slot, 0), self.misses.get(slot, 0)
        return hits / max(1, hits + misses)
