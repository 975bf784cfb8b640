"""How a loaded network is to be computed: found by trying it where it runs."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import torch

from inference.errors import ModelError
from inference.messages import Floats, Plan
from inference.models.batches import Ids, Packed, Padded, Pass
from inference.models.heads import probabilities
from inference.models.int8 import to_int8
from inference.models.onednn import to_onednn
from inference.models.packing import NotPackable, pack
from inference.models.precision import (
    AUTO,
    CONFIGURED,
    INT8,
    TOLERANCE,
    Choice,
    Precision,
    Trial,
    choose,
    compare,
)
from inference.processor import Processor, read_processor

JOINED = 3
"""Samples one after the other in a text that is timed: reviews have some fifty tokens, and what
pays for short texts alone does not pay for them."""
TIMED = 6
"""Such texts in a batch that is timed: a large network on a small processor must start soon."""
TIMED_S = 0.05
"""What such a batch should take: for a small network it holds the texts several times."""
MOST_TIMES = 8
TRIES = 5
"""What disturbs a trial makes it longer, so that its best time counts."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A network as it is to be computed, and why so."""

    way: Pass
    precision: Precision
    plan: Plan


@dataclass(frozen=True, kw_only=True, eq=False)
class _Samples:
    texts: Sequence[Ids]
    pad: int


def plan(network: Any, *, wanted: str, device: str, samples: Sequence[Ids], pad: int) -> Planned:
    """Return the way for a network in float32, which is used up by it.

    `wanted` is auto, fp32, bf16 or int8; `samples` are encoded texts of several lengths. Raises
    `ModelError` for what the device cannot do.
    """
    tried = _Samples(texts=samples, pad=pad)
    if torch.device(device).type == "cpu":
        return _on_cpu(network, wanted, tried, read_processor())
    return _on_gpu(network, wanted, tried, device)


def _on_cpu(network: Any, wanted: str, samples: _Samples, processor: Processor) -> Planned:
    exact = _unpadded(network, samples, Precision.FP32)
    if wanted != AUTO:
        precision = CONFIGURED[wanted]
        choice = Choice(precision=precision, reason="as configured")
        return _planned(_in(exact, precision, samples), choice)
    ways = {Precision.FP32: _in(copy.deepcopy(exact), Precision.FP32, samples)}
    notes = []
    if processor.bfloat16:
        ways[Precision.BF16] = _in(copy.deepcopy(exact), Precision.BF16, samples)
        notes.append(f"{processor.name} has {processor.bfloat16}")
    else:
        notes.append(f"{processor.name} has no instructions for bfloat16")
    ways[Precision.INT8] = _in(exact, Precision.INT8, samples)
    first, *others = _trials(ways, samples.texts)
    choice = choose(first, others)
    notes.append(choice.reason)
    return _planned(
        ways[choice.precision], Choice(precision=choice.precision, reason="; ".join(notes))
    )


def _on_gpu(network: Any, wanted: str, samples: _Samples, device: str) -> Planned:
    if wanted == INT8:
        raise ModelError("int8 is for the CPU: on a GPU use auto, bf16 or fp32")
    is_native = torch.cuda.is_bf16_supported(including_emulation=False)
    if wanted == AUTO:
        precision = Precision.BF16 if is_native else Precision.FP32
        has = "has" if is_native else "has no"
        choice = Choice(precision=precision, reason=f"the GPU {has} instructions for bfloat16")
    else:
        choice = Choice(precision=CONFIGURED[wanted], reason="as configured")
    network = _converted(network, choice.precision).to(device)
    return _planned(_unpadded(network, samples, choice.precision), choice)


def _planned(way: Pass, choice: Choice) -> Planned:
    threads = torch.get_num_threads() if way.network.device.type == "cpu" else 0
    plan = Plan(packed=isinstance(way, Packed), threads=threads, reason=choice.reason)
    return Planned(way=way, precision=choice.precision, plan=plan)


def _unpadded(network: Any, samples: _Samples, precision: Precision) -> Pass:
    """Return the network without padding if its scores are those of each text alone, else with."""
    padded = Padded(network, samples.pad)
    alone = np.concatenate([rows_of(padded, [text]) for text in samples.texts])
    try:
        undo = pack(network)
    except NotPackable:
        return padded
    packed = Packed(network, samples.pad)
    try:
        shift, _ = compare(alone, rows_of(packed, samples.texts), TOLERANCE[precision])
    except Exception:  # whatever an architecture raises that was never seen, it takes no packing
        shift = math.inf
    if shift <= TOLERANCE[precision]:
        return packed
    undo()
    return padded


def rows_of(way: Pass, texts: Sequence[Ids]) -> Floats:
    """Return the probabilities [texts, labels]."""
    rows: Floats = probabilities(way.network, way(texts)).cpu().numpy()
    return rows


def _trials(ways: Mapping[Precision, Pass], texts: Sequence[Ids]) -> list[Trial]:
    exact = rows_of(ways[Precision.FP32], texts)
    found = {
        precision: compare(exact, rows_of(way, texts), TOLERANCE[precision])
        for precision, way in ways.items()
    }
    seconds = _best_times(list(ways.values()), _as_long_as_reviews(texts))
    return [
        Trial(precision=precision, seconds=took, shift=shift, same_labels=same)
        for (precision, (shift, same)), took in zip(found.items(), seconds, strict=True)
    ]


def _as_long_as_reviews(samples: Sequence[Ids]) -> list[Ids]:
    """Return texts of several samples, none longer than the longest of them."""
    longest = max(map(len, samples))
    joined = (
        list(chain.from_iterable(samples[at : at + JOINED]))
        for at in range(0, len(samples), JOINED)
    )
    return [text[:longest] for text in islice(joined, TIMED)]


def _best_times(ways: Sequence[Pass], texts: Sequence[Ids]) -> list[float]:
    """Return the seconds of each way, measured by turns: what disturbs one disturbs all.

    Of this thread's own time, which does not pass while other processes have its core.
    """
    batch = [*texts] * max(1, min(MOST_TIMES, int(TIMED_S / _seconds(ways[0], texts))))
    best = [math.inf] * len(ways)
    for _ in range(TRIES):
        for at, way in enumerate(ways):
            best[at] = min(best[at], _seconds(way, batch))
    return best


def _seconds(way: Pass, texts: Sequence[Ids]) -> float:
    began = time.thread_time()
    way(texts)
    return max(time.thread_time() - began, 1e-9)


def _in(way: Pass, precision: Precision, samples: _Samples) -> Pass:
    """Return the way, which is used up, as a processor computes it."""
    way.network = _converted(way.network, precision)
    if precision is not Precision.INT8:
        _lay_out(way, precision, samples)
    return way


def _lay_out(way: Pass, precision: Precision, samples: _Samples) -> None:
    """Put the network's weights as oneDNN reads them if its scores stay what they are."""
    plain = rows_of(way, samples.texts)
    undo = to_onednn(way.network)
    try:
        shift, _ = compare(plain, rows_of(way, samples.texts), TOLERANCE[precision])
    except Exception:  # an architecture that was never seen may look into its layers
        shift = math.inf
    if shift > TOLERANCE[precision]:
        undo()


def _converted(network: Any, precision: Precision) -> Any:
    if precision is Precision.BF16:
        return network.bfloat16()
    if precision is Precision.INT8:
        to_int8(network)
    return network
