"""Training classifiers whose texts have any number of labels, not all of them known."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from inference.training.loop import (
    ORDINARY,
    SEED,
    TEMPERATURES,
    Examples,
    Floats,
    Recipe,
    batches,
    collate,
)

REPORT_EVERY = 100
_LOG = logging.getLogger(__name__)


def known_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean log loss of what is known; both are [texts, labels].

    A target without a number is unknown, and nothing is learnt from it.
    """
    is_known = ~torch.isnan(targets)
    return binary_cross_entropy_with_logits(logits[is_known], targets[is_known])


def probabilities(logits: Floats, temperature: float) -> Floats:
    """Return [texts, labels] as the loader computes them."""
    rows: Floats = torch.sigmoid(torch.from_numpy(logits) / temperature).numpy()
    return rows


def best_temperature(logits: Floats, targets: Floats) -> float:
    """Return the temperature of least log loss over what is known."""
    given, expected = torch.from_numpy(logits), torch.from_numpy(targets)
    losses = [float(known_loss(given / float(one), expected)) for one in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)


def train(model: Any, examples: Examples, recipe: Recipe, after: Callable[[int], None]) -> None:
    """Train in place, products in bfloat16; `after` is told the step after each epoch."""
    chance = random.Random(SEED)  # noqa: S311
    torch.manual_seed(SEED)
    lengths = [min(len(one), recipe.max_tokens) for one in examples.ids]
    an_epoch = len(batches(lengths, recipe.batch_tokens))
    steps = math.ceil(an_epoch * recipe.epochs)
    table = model.get_input_embeddings().weight
    others = [one for one in model.parameters() if one is not table]
    optimizer = torch.optim.AdamW(
        [
            {"params": [table], "weight_decay": 0.0},
            {"params": others, "weight_decay": recipe.weight_decay},
        ],
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=[recipe.embedding_rate, recipe.learning_rate],
        total_steps=steps + 1,
        pct_start=recipe.warm_up,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    began, step = time.monotonic(), 0
    while step < steps:
        for batch in batches(lengths, recipe.batch_tokens, chance)[: steps - step]:
            model.train()
            loss = _loss(model, examples, batch, recipe)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            step += 1
            if step % REPORT_EVERY == 0:
                took = time.monotonic() - began
                _LOG.info("step %d of %d, loss %.3f, %.0f s", step, steps, loss.item(), took)
        after(step)


def _loss(model: Any, examples: Examples, batch: Sequence[int], recipe: Recipe) -> torch.Tensor:
    ids, mask = collate([examples.ids[at][: recipe.max_tokens] for at in batch])
    dropped = (torch.rand(ids.shape) < recipe.token_dropout) & (ids >= ORDINARY)
    masked = ids.masked_fill(dropped, ORDINARY - 1)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(input_ids=masked, attention_mask=mask).logits
    return known_loss(logits.float(), torch.from_numpy(examples.targets[list(batch)]))
