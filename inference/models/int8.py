"""Linear layers in 8 bits, for processors without bfloat16.

Weights have a scale for each output, and each token's numbers have one of their own: no text's
scores depend on the numbers of its batch mates, and one loud token costs no other its precision.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from inference.models.onednn import NARROW

LEVELS = 127
"""Of a number in 8 bits, both ways; -128 has no counterpart."""
FEWER = 63
"""Of weights, where the processor adds pairs of products in 16 bits (AVX2 without VNNI), and cuts
off what is too large."""
_LEAST = 1e-12  # a token of zeros has a scale too


class Int8Linear(nn.Module):
    """A linear layer [..., inputs] -> [..., outputs] whose products are of whole numbers."""

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, linear: nn.Linear, levels: int = LEVELS) -> None:
        super().__init__()
        weight = linear.weight.detach()
        scale = weight.abs().amax(1).clamp_min(_LEAST) / levels
        bias = torch.zeros_like(scale) if linear.bias is None else linear.bias.detach()
        whole = (weight / scale.unsqueeze(1)).round().to(torch.int8)
        self.register_buffer("weight", whole.t().contiguous())  # [inputs, outputs]
        self.register_buffer("scale", scale)  # [outputs]
        self.register_buffer("bias", bias)  # [outputs]

    def forward(self, numbers: Tensor) -> Tensor:
        """Return [..., outputs] in float32."""
        rows = numbers.flatten(0, -2)
        scale = rows.abs().amax(1, keepdim=True).clamp_min_(_LEAST).div_(LEVELS)
        whole = (rows / scale).round_().to(torch.int8)
        sums = torch._int_mm(whole, self.weight)
        result = torch.addcmul(self.bias, sums * self.scale, scale)
        return result.view(*numbers.shape[:-1], -1)


def to_int8(network: nn.Module) -> None:
    """Put the network's wide linear layers in 8 bits, in place."""
    _convert(network, weight_levels())


def weight_levels() -> int:
    """Return how large a weight may be here, both ways, for sums of products to be exact."""
    largest = torch.full((4, NARROW), LEVELS, dtype=torch.int8)
    sums = torch._int_mm(largest, torch.full((NARROW, NARROW), LEVELS, dtype=torch.int8))
    return LEVELS if bool((sums == NARROW * LEVELS * LEVELS).all()) else FEWER


def _convert(network: nn.Module, levels: int) -> None:
    for name, module in list(network.named_children()):
        if not isinstance(module, nn.Linear):
            _convert(module, levels)
        elif min(module.in_features, module.out_features) >= NARROW:
            setattr(network, name, Int8Linear(module, levels))
