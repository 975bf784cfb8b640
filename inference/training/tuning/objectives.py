"""What a batch's loss is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from inference.models.batches import inputs
from inference.models.encoding import EncodedText
from inference.training.loop import Floats, Ids, collate

IGNORED = -100
"""Target of a place whose piece is not asked for; torch's own number."""
_MASKED, _REPLACED = 0.8, 0.1
"""Of the pieces that are asked for: shown as [MASK], as another piece; the rest as they are."""


class Objective(Protocol):
    """Texts, and what is to be said of them."""

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each text."""
        ...

    def loss(self, model: Any, batch: Sequence[int], device: torch.device) -> Tensor:
        """Return the mean loss of the texts at these places."""
        ...


@dataclass(frozen=True)
class Classes:
    """Classes that exclude each other; targets are probabilities [texts, classes]."""

    texts: Sequence[EncodedText]
    targets: Floats
    pad: int
    smoothing: float = 0.0

    @property
    def lengths(self) -> list[int]:
        """Tokens of each text."""
        return [one.length for one in self.texts]

    def loss(self, model: Any, batch: Sequence[int], device: torch.device) -> Tensor:
        """Return the cross entropy."""
        logits = logits_of_batch(model, [self.texts[at] for at in batch], self.pad, device)
        targets = torch.from_numpy(self.targets[list(batch)]).to(device)
        return cross_entropy(logits, targets, label_smoothing=self.smoothing)


@dataclass(frozen=True)
class Attributes:
    """Attributes, several a text or none; targets are probabilities [texts, attributes]."""

    texts: Sequence[EncodedText]
    targets: Floats
    pad: int

    @property
    def lengths(self) -> list[int]:
        """Tokens of each text."""
        return [one.length for one in self.texts]

    def loss(self, model: Any, batch: Sequence[int], device: torch.device) -> Tensor:
        """Return the binary cross entropy."""
        logits = logits_of_batch(model, [self.texts[at] for at in batch], self.pad, device)
        targets = torch.from_numpy(self.targets[list(batch)]).to(device)
        return binary_cross_entropy_with_logits(logits, targets)


@dataclass(frozen=True, kw_only=True)
class MaskedPieces:
    """Pieces that are hidden and to be told (BERT's masked language model)."""

    ids: Sequence[Ids]
    pad: int
    mask: int
    special: frozenset[int]  # never hidden
    pieces: int  # size of the vocabulary
    share: float = 0.15  # of the pieces

    @property
    def lengths(self) -> list[int]:
        """Tokens of each text."""
        return [len(one) for one in self.ids]

    def loss(self, model: Any, batch: Sequence[int], device: torch.device) -> Tensor:
        """Return the cross entropy over the hidden pieces; 0 where none is."""
        ids, mask = collate([self.ids[at] for at in batch], self.pad)
        shown, targets = self.hide(ids)
        logits = model(input_ids=shown.to(device), attention_mask=mask.to(device)).logits
        flat = targets.to(device).flatten()
        total = cross_entropy(logits.float().flatten(0, 1), flat, reduction="sum")
        return total / (flat != IGNORED).sum().clamp(min=1)

    def hide(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is shown and what is to be told, both [texts, longest]."""
        special = torch.tensor(sorted({*self.special, self.pad}))
        asked = (torch.rand(ids.shape) < self.share) & ~torch.isin(ids, special)
        chance = torch.rand(ids.shape)
        shown = torch.where(asked & (chance < _MASKED), self.mask, ids)
        replaced = asked & (chance >= _MASKED) & (chance < _MASKED + _REPLACED)
        shown = torch.where(replaced, torch.randint(self.pieces, ids.shape), shown)
        return shown, torch.where(asked, ids, IGNORED)


def logits_of_batch(
    model: Any, texts: Sequence[EncodedText], pad: int, device: torch.device
) -> Tensor:
    """Return logits [texts, labels] in float32."""
    given = inputs([one.ids for one in texts], [one.second for one in texts], pad)
    tensors = {name: torch.from_numpy(array).to(device) for name, array in given.items()}
    logits: Tensor = model(**tensors).logits
    return logits.float()
