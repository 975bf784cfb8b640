"""Batches without padding: behind the embeddings, all texts of a batch are one row of tokens.

The embeddings see the padded batch, since how positions are counted is the architecture's own
matter; so do pooling and head. The encoder in between, where the time goes, gets one row
[1, tokens, width]: linear layers and norms do not care what a token's neighbours are, and
attention, which does, is told by a `Packing` where each text begins. That works for every
architecture of transformers whose encoder is a module of its own and takes its attention from
transformers' registry (BERT, RoBERTa, XLM-R, ELECTRA, DistilBERT, ALBERT and their like).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface

ATTENTION = "shopstreams_packed"
"""What transformers' registry calls `packed_attention`."""
_ENCODERS = ("encoder", "transformer")
LONG = 512
"""Tokens of a text beyond which the scores of each with each would fill the memory."""
_NOT_PACKED = ("sliding_window", "softcap", "s_aux", "position_bias")


class NotPackable(Exception):
    """The architecture does not take a packed batch."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Packing:
    """Where the texts of a packed batch stand."""

    lengths: tuple[int, ...]  # tokens of each text, in their order in the row, ascending
    places: Tensor  # [tokens] int64: of each token in the flattened padded batch
    bounds: Tensor  # [texts + 1] int32: where each text begins in the row, and where the last ends
    spare: int = 0  # tokens of no text at the row's end, zeros, which make its length a round one

    @property
    def longest(self) -> int:
        """Width of the padded batch."""
        return self.lengths[-1]

    def runs(self) -> Iterator[tuple[int, int]]:
        """Yield (texts, length) for each run of texts of one length."""
        for length, texts in groupby(self.lengths):
            yield sum(1 for _ in texts), length

    def pack(self, padded: Tensor) -> Tensor:
        """Return [1, tokens + spare, width] of [texts, longest, width]."""
        row = padded.flatten(0, 1).index_select(0, self.places)
        return pad(row, (0, 0, 0, self.spare)).unsqueeze(0)

    def pad(self, packed: Tensor) -> Tensor:
        """Return [texts, longest, width], zeros where no token is, of what `pack` returned."""
        count, width = len(self.lengths), packed.shape[-1]
        flat = packed.new_zeros(count * self.longest, width)
        flat.index_copy_(0, self.places, packed[0, : len(self.places)])
        return flat.view(count, self.longest, width)


def pack(network: Any) -> Callable[[], None]:
    """Make a network's encoder take packed batches alone; return what undoes it.

    Its forward pass then needs the keyword `packing`. Whether the scores are right is for the
    caller to compare: nothing says so beforehand of an architecture that was never seen. Raises
    `NotPackable`.
    """
    encoder = _encoder(network)
    if not getattr(network, "_can_set_attn_implementation", lambda: False)():
        raise NotPackable("its attention is its own")
    before = network.config._attn_implementation
    AttentionInterface.register(ATTENTION, packed_attention)
    AttentionMaskInterface.register(ATTENTION, _no_mask)
    network.set_attn_implementation(ATTENTION)
    hooks = (
        encoder.register_forward_pre_hook(_enter, with_kwargs=True),
        encoder.register_forward_hook(_leave, with_kwargs=True),
    )

    def undo() -> None:
        for hook in hooks:
            hook.remove()
        network.set_attn_implementation(before)

    return undo


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    packing: Packing | None = None,
    scaling: float | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Return [1, tokens, heads, width] for query, key and value [1, heads, tokens, width].

    Each token attends to the tokens of its own text. Raises `NotPackable` where the architecture
    wants more of attention than that.
    """
    wanted = [name for name in _NOT_PACKED if others.get(name) is not None]
    if packing is None or wanted or getattr(module, "is_causal", False):
        raise NotPackable("its attention is more than softmax over a text's tokens")
    attend = by_flash_attention if query.is_cuda else by_runs
    return attend(query[0], key[0], value[0], packing, scaling).unsqueeze(0), None


def by_runs(
    query: Tensor, key: Tensor, value: Tensor, packing: Packing, scaling: float | None
) -> Tensor:
    """Return [tokens, heads, width] of [heads, tokens, width]: texts of one length at once."""
    heads, _, width = query.shape
    parts, start = [], 0
    for texts, length in packing.runs():
        end = start + texts * length
        # [heads, texts * length, width] as [texts, heads, length, width], nothing copied
        q, k, v = (
            one[:, start:end].view(heads, texts, length, width).transpose(0, 1)
            for one in (query, key, value)
        )
        is_short = query.dtype is torch.bfloat16 and length <= LONG
        attend = _by_products if is_short else _fused
        parts.append(attend(q, k, v, scaling).transpose(1, 2).flatten(0, 1))
        start = end
    parts.append(parts[0].new_zeros(packing.spare, heads, width))
    return torch.cat(parts)


def _by_products(query: Tensor, key: Tensor, value: Tensor, scaling: float | None) -> Tensor:
    """Attend by two products in the tensors' dtype: a processor's quickest way in bfloat16."""
    texts, heads, length, width = query.shape
    q, k, v = (one.reshape(-1, length, width) for one in (query, key, value))
    scale = width**-0.5 if scaling is None else scaling
    scores = torch.baddbmm(q.new_empty(1), q, k.transpose(1, 2), beta=0, alpha=scale)
    weights = scores.softmax(-1, dtype=torch.float32)  # the quicker way here, too
    return torch.bmm(weights.to(v.dtype), v).view(texts, heads, length, width)


def _fused(query: Tensor, key: Tensor, value: Tensor, scaling: float | None) -> Tensor:
    """Attend by torch's own, in float32: in bfloat16 it takes no less, on a processor."""
    q, k, v = (one.float() for one in (query, key, value))
    return scaled_dot_product_attention(q, k, v, scale=scaling).to(query.dtype)


def by_flash_attention(
    query: Tensor, key: Tensor, value: Tensor, packing: Packing, scaling: float | None
) -> Tensor:
    """Return the same by torch's flash attention; raises what torch raises where it has none."""
    from torch.nn.attention.varlen import varlen_attn

    q, k, v = (one.transpose(0, 1) for one in (query, key, value))
    bounds, longest = packing.bounds, packing.longest
    # One split: with more, the order of sums depends on a batch's longest text.
    out = varlen_attn(q, k, v, bounds, bounds, longest, longest, scale=scaling, num_splits=1)
    if not isinstance(out, Tensor):
        raise TypeError(type(out))
    return out


def _encoder(network: Any) -> nn.Module:
    for name in _ENCODERS:
        if isinstance(encoder := getattr(network.base_model, name, None), nn.Module):
            return encoder
    raise NotPackable("it has no encoder of its own")


def _no_mask(*_: object, **__: object) -> None:
    """Stand for the padding's mask: a packed row has none."""


def _enter(
    _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    packing = _packing(kwargs)
    if args:
        return (packing.pack(args[0]), *args[1:]), kwargs
    return args, {**kwargs, "hidden_states": packing.pack(kwargs["hidden_states"])}


def _leave(_: nn.Module, __: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
    output.last_hidden_state = _packing(kwargs).pad(output.last_hidden_state)
    return output


def _packing(kwargs: Mapping[str, Any]) -> Packing:
    packing = kwargs.get("packing")
    if not isinstance(packing, Packing):
        raise NotPackable("it does not hand on what it is told")
    return packing
