"""Without padding a text has the scores that it has alone; who cannot do so keeps its padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from inference.models.base import forward
from inference.models.batches import Packed, Padded
from inference.models.loading import load
from inference.models.packing import NotPackable, Packing, pack, packed_attention
from tests.unit.test_architectures import make

pytestmark = pytest.mark.usefixtures("one_thread")
HEADS, WIDTH = 2, 4
TOLERANCE = 1e-5
lengths = st.lists(st.integers(1, 6), min_size=1, max_size=8).map(sorted)


def packing_of(texts: list[int], spare: int = 0) -> Packing:
    mask = np.arange(texts[-1]) < np.array(texts)[:, None]
    return Packing(
        lengths=tuple(texts),
        places=torch.from_numpy(np.flatnonzero(mask)),
        bounds=torch.from_numpy(np.cumsum([0, *texts], dtype=np.int32)),
        spare=spare,
    )


@settings(deadline=None)
@given(lengths, st.integers(0, 3))
def test_padding_comes_back_as_it_went(texts: list[int], spare: int) -> None:
    packing = packing_of(texts, spare)
    packed = torch.cat([torch.randn(1, sum(texts), WIDTH), torch.zeros(1, spare, WIDTH)], dim=1)
    padded = packing.pad(packed)
    assert padded.shape == (len(texts), texts[-1], WIDTH)
    assert torch.equal(packing.pack(padded), packed)
    assert padded.count_nonzero() == packed.count_nonzero()


@settings(deadline=None)
@given(lengths, st.integers(0, 3))
def test_attention_stays_within_a_text(texts: list[int], spare: int) -> None:
    # As an encoder's projections leave it: [1, heads, tokens, width], tokens outermost.
    query, key, value = (
        torch.randn(1, sum(texts) + spare, HEADS, WIDTH).transpose(1, 2) for _ in range(3)
    )
    own = torch.repeat_interleave(torch.arange(len(texts)), torch.tensor(texts))
    same_text = own[:, None] == own[None, :]
    q, k, v = (one[:, :, : sum(texts)] for one in (query, key, value))
    expected = scaled_dot_product_attention(q, k, v, attn_mask=same_text, scale=0.3)
    found, _ = packed_attention(
        torch.nn.Identity(), query, key, value, None, packing=packing_of(texts, spare), scaling=0.3
    )
    wanted = torch.cat([expected.transpose(1, 2), torch.zeros(1, spare, HEADS, WIDTH)], dim=1)
    torch.testing.assert_close(found, wanted, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("long", [2, 8])
def test_attention_in_bfloat16_is_near(long: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.models.packing.LONG", long)
    torch.manual_seed(7)
    packing = packing_of([1, 3, 3, 8])
    shape = (1, sum(packing.lengths), HEADS, WIDTH)
    exact = [torch.randn(shape).transpose(1, 2) for _ in range(3)]
    expected, found = (
        packed_attention(torch.nn.Identity(), q, k, v, None, packing=packing)[0]
        for q, k, v in (exact, [one.bfloat16() for one in exact])
    )
    assert found.dtype is torch.bfloat16
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=0.03)


@pytest.mark.parametrize(
    "more", [{"sliding_window": 2}, {"softcap": 1.0}, {"position_bias": 0}, {"packing": None}]
)
def test_attention_that_is_more_is_refused(more: dict[str, Any]) -> None:
    part = torch.zeros(1, HEADS, 1, WIDTH)
    with pytest.raises(NotPackable):
        packed_attention(
            torch.nn.Identity(), part, part, part, None, **{"packing": packing_of([1]), **more}
        )


class Causal(torch.nn.Module):
    is_causal = True


def test_attention_to_what_came_before_is_refused() -> None:
    part = torch.zeros(1, HEADS, 1, WIDTH)
    with pytest.raises(NotPackable):
        packed_attention(Causal(), part, part, part, None, packing=packing_of([1]))


@pytest.mark.parametrize("architecture", ["bert", "roberta", "electra", "distilbert", "albert"])
def test_encoders_are_packed(tmp_path: Path, architecture: str) -> None:
    model = load("sentiment", str(make(tmp_path / "tiny", architecture)), "cpu", 512)
    assert model.info.plan is not None
    assert model.info.plan.packed


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")  # DeBERTa's own
@pytest.mark.parametrize("architecture", ["gpt2", "deberta-v2", "modernbert"])
def test_others_keep_their_padding_and_their_scores(tmp_path: Path, architecture: str) -> None:
    model = load("sentiment", str(make(tmp_path / "tiny", architecture)), "cpu", 512)
    assert model.info.plan is not None
    assert not model.info.plan.packed
    texts = ["good", "bad " * 9, "很好 not good"]
    together = forward(model, model.prepare(texts))
    alone = np.concatenate([forward(model, model.prepare([text])) for text in texts])
    np.testing.assert_allclose(together, alone, atol=TOLERANCE, rtol=0)


def bert() -> Any:
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    shape = BertConfig(
        vocab_size=30,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=16,
        initializer_range=0.5,
    )
    return BertForSequenceClassification(shape).eval()


def test_packing_can_be_undone() -> None:
    network = bert()
    texts = [[5, 6, 7], [8], [9, 10]]
    before = Padded(network, 0)(texts)
    undo = pack(network)
    torch.testing.assert_close(Packed(network, 0)(texts), before, rtol=0, atol=TOLERANCE)
    undo()
    assert torch.equal(Padded(network, 0)(texts), before)
