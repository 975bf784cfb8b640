"""Layers taken out of an encoder: evenly, the first and the last stay (Sajjad et al., 2023)."""

from __future__ import annotations

import re
from typing import Final

from inference.compression.folder import Parts, Tensors
from inference.errors import ModelError

_LAYER: Final = re.compile(r"(.*\.(?:layer|layers|h|block)\.)(\d+)(\..*)")
_FIELDS: Final = ("num_hidden_layers", "n_layers", "n_layer", "num_layers")


def prune_layers(parts: Parts, keep: int) -> list[int]:
    """Leave `keep` layers and return which they were, from 0. Changes `parts`.

    Raises `ModelError` where there are not more of them.
    """
    found = {int(match[2]) for name in parts.tensors if (match := _LAYER.fullmatch(name))}
    field = next((name for name in _FIELDS if parts.config.get(name) == len(found)), None)
    if field is None or sorted(found) != list(range(len(found))):
        raise ModelError("the layers of the model are not found in its weights")
    if not 1 <= keep < len(found):
        raise ModelError(f"the model has {len(found)} layers: keep at least 1 and fewer than that")
    kept = evenly(len(found), keep)
    parts.tensors = _renamed(parts.tensors, {before: after for after, before in enumerate(kept)})
    parts.config[field] = keep
    return kept


def evenly(count: int, keep: int) -> list[int]:
    """Return `keep` places of `count`, the first and the last among them; of one, the first."""
    return [round(at * (count - 1) / max(1, keep - 1)) for at in range(keep)]


def _renamed(tensors: Tensors, places: dict[int, int]) -> Tensors:
    kept: Tensors = {}
    for name, tensor in tensors.items():
        match = _LAYER.fullmatch(name)
        if match is None:
            kept[name] = tensor
        elif int(match[2]) in places:
            kept[f"{match[1]}{places[int(match[2])]}{match[3]}"] = tensor
    return kept
