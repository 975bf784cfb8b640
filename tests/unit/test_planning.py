"""A network gets the way that its device does best, and says why."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from inference.errors import ModelError
from inference.models.int8 import Int8Linear
from inference.models.packing import by_flash_attention, by_runs
from inference.models.planning import Planned, plan
from inference.processor import Processor
from tests.unit.test_packing import bert, packing_of

TEXTS = [[5, 6, 7, 8, 9], [8], [9, 10], [11, 12, 13]]


def planned(wanted: str, device: str = "cpu", network: Any = None) -> Planned:
    return plan(network or bert(), wanted=wanted, device=device, samples=TEXTS, pad=0)


@pytest.mark.parametrize(
    ("wanted", "name", "dtype"),
    [("fp32", "float32", torch.float32), ("bf16", "bfloat16", torch.bfloat16)],
)
def test_what_is_configured_is_done(wanted: str, name: str, dtype: torch.dtype) -> None:
    found = planned(wanted)
    assert found.precision == name
    assert found.way.network.dtype is dtype
    assert found.plan.reason == "as configured"


def test_eight_bits_are_for_wide_layers() -> None:
    found = planned("int8")
    kinds = {type(module) for module in found.way.network.modules()}
    assert Int8Linear in kinds
    assert found.way(TEXTS).dtype is torch.float32


def test_eight_bits_are_refused_on_a_gpu() -> None:
    with pytest.raises(ModelError, match="int8 is for the CPU"):
        planned("int8", device="cuda")


@pytest.mark.parametrize(
    ("bfloat16", "words"),
    [(None, "no instructions for bfloat16"), ("amx_bf16", "has amx_bf16; bfloat16 is")],
)
def test_the_choice_is_by_the_processor_and_says_so(
    monkeypatch: pytest.MonkeyPatch, bfloat16: str | None, words: str
) -> None:
    processor = Processor(name="A processor", bfloat16=bfloat16, cores=2)
    monkeypatch.setattr("inference.models.planning.read_processor", lambda: processor)
    found = planned("auto")
    assert words in found.plan.reason
    assert "int8 is" in found.plan.reason
    assert found.plan.threads == torch.get_num_threads()
    assert bfloat16 or found.precision != "bfloat16"


def reference(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    query_bounds: Tensor,
    key_bounds: Tensor,
    longest_query: int,
    longest_key: int,
    *,
    scale: float | None,
    num_splits: int,
) -> Tensor:
    """What torch documents of `varlen_attn`: [tokens, heads, width], sequence by sequence."""
    assert torch.equal(query_bounds, key_bounds)
    assert query_bounds.dtype is torch.int32
    assert longest_query == longest_key == int(query_bounds.diff().max())
    parts = []
    for start, end in pairwise(query_bounds.tolist()):
        q, k, v = (one[start:end].transpose(0, 1) for one in (query, key, value))
        parts.append(scaled_dot_product_attention(q, k, v, scale=scale).transpose(0, 1))
    return torch.cat(parts)


def test_the_choice_is_by_texts_of_several_samples_that_the_network_takes() -> None:
    samples = [[5 + n % 20] * 10 for n in range(9)]  # two of them are more than its 16 positions
    seen: set[int] = set()
    network = bert()
    network.bert.embeddings.register_forward_pre_hook(
        lambda _, __, given: seen.add(given["input_ids"].shape[1]), with_kwargs=True
    )
    plan(network, wanted="auto", device="cpu", samples=[*samples, [7] * 15], pad=0)
    assert max(seen) == 15


def test_a_gpus_attention_gets_what_it_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", reference)
    lengths = [1, 3, 3, 7]
    query, key, value = (torch.randn(2, sum(lengths), 8) for _ in range(3))
    packing = packing_of(lengths)
    expected = by_runs(query, key, value, packing, 0.3)
    found = by_flash_attention(query, key, value, packing, 0.3)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
