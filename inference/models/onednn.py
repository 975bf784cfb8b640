"""Linear layers whose weights lie as oneDNN reads them, for processors.

torch hands products of float32 to MKL, which on processors of others than Intel takes more than
twice as long as oneDNN, and products of bfloat16 to oneDNN with weights that are laid out anew for
each batch. Here they are laid out once. The operators are those that torch's own compiler emits.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

NARROW = 64
"""Layers with fewer inputs or outputs, a classifier's last one among them, gain nothing."""


class OneDnnLinear(nn.Module):
    """A linear layer [..., inputs] -> [..., outputs] in its weight's dtype."""

    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        # No buffer: such a tensor is opaque, and can neither be moved nor converted.
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach())
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach())

    def forward(self, numbers: Tensor) -> Tensor:
        """Return [..., outputs]."""
        result: Tensor = torch.ops.mkldnn._linear_pointwise(
            numbers, self._weight, self.bias, "none", [], ""
        )
        return result


def to_onednn(network: nn.Module) -> Callable[[], None]:
    """Lay out the weights of the network's wide linear layers, in place; return what undoes it.

    Nothing changes where torch was built without oneDNN or without these operators.
    """
    replaced: list[tuple[nn.Module, str, nn.Linear]] = []
    if torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        _replace(network, replaced)

    def undo() -> None:
        for parent, name, linear in replaced:
            setattr(parent, name, linear)

    return undo


def _replace(network: nn.Module, replaced: list[tuple[nn.Module, str, nn.Linear]]) -> None:
    for name, module in list(network.named_children()):
        if type(module) is not nn.Linear:
            _replace(module, replaced)
        elif min(module.in_features, module.out_features) >= NARROW:
            replaced.append((network, name, module))
            setattr(network, name, OneDnnLinear(module))
