"""A network's logits for any number of texts, and its loss on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from inference.models.encoding import EncodedText
from inference.training.loop import EVALUATION_TOKENS, Floats, batches
from inference.training.tuning.objectives import Objective, logits_of_batch


def logits_of(model: Any, texts: Sequence[EncodedText], pad: int) -> Floats:
    """Return the model's logits [texts, labels] in float32, in the texts' order."""
    model.eval()
    logits = np.zeros((len(texts), model.config.num_labels), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches([one.length for one in texts], EVALUATION_TOKENS):
            rows = logits_of_batch(model, [texts[at] for at in batch], pad, model.device)
            logits[batch] = rows.cpu().numpy()
    return logits


def mean_loss(model: Any, objective: Objective, seed: int) -> float:
    """Return the mean loss over all texts; what is drawn by chance is drawn by `seed`."""
    model.eval()
    torch.manual_seed(seed)
    total, texts = 0.0, 0
    with torch.inference_mode():
        for batch in batches(objective.lengths, EVALUATION_TOKENS):
            total += float(objective.loss(model, batch, model.device)) * len(batch)
            texts += len(batch)
    return total / max(1, texts)
