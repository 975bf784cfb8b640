"""Questions near their replies: what a batch's loss is, and the figures that choose the epoch.

One encoder reads both. Of the replies of a batch each stands there once, and all but a question's
own are wrong for it (Henderson et al., 2017): no pairs of what does not belong together are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from inference.evaluation.retrieval import Choices, reciprocal
from inference.messages import Floats
from inference.models.sentences import vectors
from inference.training.loop import EVALUATION_TOKENS, Ids, batches
from inference.training.tuning.history import Validation


@dataclass(frozen=True, kw_only=True)
class Replies:
    """Questions, the distinct replies, and which of them was said to which question."""

    asked: Sequence[Ids]
    replies: Sequence[Ids]
    right: Sequence[int]  # [asked]: place in `replies`
    pad: int
    temperature: float  # divides the cosines

    @property
    def lengths(self) -> list[int]:
        """Tokens of each question with its reply."""
        return [
            len(ids) + len(self.replies[at]) for ids, at in zip(self.asked, self.right, strict=True)
        ]

    def loss(self, model: Any, batch: Sequence[int], device: torch.device) -> Tensor:
        """Return the mean of two cross entropies: of each question's reply, and the reverse.

        A reply that was said to several questions of the batch is one choice, and all of them are
        right for it.
        """
        there = sorted({self.right[at] for at in batch})
        asked = vectors(model, [self.asked[at] for at in batch], self.pad)
        replies = vectors(model, [self.replies[at] for at in there], self.pad)
        targets = torch.tensor([there.index(self.right[at]) for at in batch], device=device)
        with torch.autocast(device.type, enabled=False):  # a cosine needs more than 8 bits
            logits = asked @ replies.T / self.temperature
        shares = one_hot(targets, len(there)).T.float()
        shares = shares / shares.sum(dim=1, keepdim=True)
        return (cross_entropy(logits, targets) + cross_entropy(logits.T, shares)) / 2


@dataclass(frozen=True, kw_only=True)
class HeldReplies:
    """Exchanges held out: the reply to each is looked for among all."""

    asked: Sequence[Ids]
    replies: Sequence[Ids]  # of `choices`
    choices: Choices
    pad: int
    temperature: float

    def figures(self, model: Any) -> Validation:
        """Return loss and mean reciprocal rank; recall beside them."""
        scores = self.scores(model)
        ranks = self.choices.ranks(scores)
        logits = torch.from_numpy(scores / np.float32(self.temperature))
        recalls = {f"recall@{most}": float((ranks < most).mean()) for most in (1, 10)}
        return Validation(
            loss=float(cross_entropy(logits, torch.from_numpy(self.choices.right))),
            score=float(reciprocal(ranks).mean()),
            figures=recalls,
        )

    def scores(self, model: Any) -> Floats:
        """Return cosines [questions, replies]."""
        asked, replies = (vectors_of(model, ids, self.pad) for ids in (self.asked, self.replies))
        scores: Floats = asked @ replies.T
        return scores


def vectors_of(model: Any, ids: Sequence[Ids], pad: int) -> Floats:
    """Return unit vectors [texts, width] of any number of texts, in their order."""
    model.eval()
    rows = np.zeros((len(ids), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches([len(one) for one in ids], EVALUATION_TOKENS):
            rows[batch] = vectors(model, [ids[at] for at in batch], pad).cpu().numpy()
    return rows
