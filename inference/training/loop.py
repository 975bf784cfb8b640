"""Training classifiers: batches of similar length, warm-up and decay, evaluation."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast

from inference.evaluation.calibration import expected_error

SEED = 17
EVALUATION_TOKENS = 6144
LENGTH_NOISE = 4
"""Tokens by which lengths are blurred, so that batches differ from epoch to epoch."""
REPORT_EVERY = 100
TEMPERATURES = np.geomspace(0.4, 4.0, 90)
ORDINARY = 5
"""The first id that is no special token."""
_LOG = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Ids = list[int]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a classifier is trained."""

    epochs: float
    learning_rate: float
    embedding_rate: float  # learning rate of the pieces' vectors
    max_tokens: int = 128  # of a text; of a longer one a random stretch, end marks included
    batch_tokens: int = 3072  # padded tokens in a batch
    warm_up: float = 0.06  # share of the steps
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    token_dropout: float = 0.1  # share of tokens that are masked
    dropout_from: int = 0  # tokens of the shortest text in which any is
    bfloat16: bool = False  # whether products are computed in it
    clip: float = 1.0


@dataclass(frozen=True)
class Examples:
    """Token ids, and what each text's classes are as probabilities [texts, classes]."""

    ids: list[Ids]
    targets: Floats

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def labels(self) -> NDArray[np.intp]:
        """The likeliest class of each text [texts]."""
        labels: NDArray[np.intp] = self.targets.argmax(axis=1)
        return labels


def tokenise(
    tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], max_tokens: int | None
) -> list[Ids]:
    """Return each text's ids, cut to `max_tokens` where that is given."""
    cut = {"truncation": True, "max_length": max_tokens} if max_tokens else {"truncation": False}
    encoded = tokenizer(
        list(texts),
        **cut,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )
    ids: list[Ids] = encoded["input_ids"]
    return ids


def one_hot(labels: Sequence[int], classes: int) -> Floats:
    """Return [texts, classes]."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels, dtype=np.intp)]


def batches(
    lengths: Sequence[int], budget: int, chance: random.Random | None = None
) -> list[list[int]]:
    """Return places in batches of similar length within a budget of padded tokens.

    With `chance` lengths are blurred and batches shuffled; without, they are as long as can be.
    """
    noise = [chance.random() * LENGTH_NOISE if chance else 0.0 for _ in lengths]
    order = sorted(range(len(lengths)), key=lambda at: lengths[at] + noise[at])
    result: list[list[int]] = []
    longest = 0
    for at in order:
        longest = max(longest, lengths[at])
        if not result or longest * (len(result[-1]) + 1) > budget:
            result.append([])
            longest = lengths[at]
        result[-1].append(at)
    if chance:
        chance.shuffle(result)
    return result


def collate(ids: Sequence[Ids], pad: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return padded ids and their mask, both [texts, longest]."""
    longest = max(len(one) for one in ids)
    padded = np.full((len(ids), longest), pad, dtype=np.int64)
    for row, one in enumerate(ids):
        padded[row, : len(one)] = one
    lengths = np.array([len(one) for one in ids])
    mask = (np.arange(longest) < lengths[:, None]).astype(np.int64)
    return torch.from_numpy(padded), torch.from_numpy(mask)


def logits_of(model: Any, ids: Sequence[Ids]) -> Floats:
    """Return the model's logits [texts, classes], in single precision."""
    model.eval()
    logits = np.zeros((len(ids), model.config.num_labels), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches([len(one) for one in ids], EVALUATION_TOKENS):
            padded, mask = collate([ids[at] for at in batch])
            logits[batch] = model(input_ids=padded, attention_mask=mask).logits.numpy()
    return logits


def accuracy(logits: Floats, labels: NDArray[np.intp]) -> float:
    """Return the percentage of rows whose greatest logit is at their label."""
    return round(100 * float((logits.argmax(axis=1) == labels).mean()), 2)


def softened(logits: Floats, temperature: float) -> Floats:
    """Return probabilities [texts, classes] as the loader computes them."""
    rows: Floats = torch.softmax(torch.from_numpy(logits) / temperature, dim=1).numpy()
    return rows


def calibration_error(logits: Floats, labels: NDArray[np.intp], temperature: float) -> float:
    """Return the expected calibration error in percent."""
    rows = softened(logits, temperature)
    sure, right = rows.max(axis=1), rows.argmax(axis=1) == labels
    return round(100 * expected_error(sure, right), 2)


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Of logits [texts, classes] and what is right of them, [texts, classes] or a class a text."""


def of_classes(logits: torch.Tensor, targets: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """Return the mean cross entropy of classes that exclude each other."""
    return cross_entropy(logits, targets, label_smoothing=smoothing)


def best_temperature(logits: Floats, truth: NDArray[Any], loss: Loss = of_classes) -> float:
    """Return the temperature of least loss (Guo et al., 2017)."""
    given, expected = torch.from_numpy(logits), torch.from_numpy(truth)

    def at(temperature: float) -> float:
        return float(loss(given / temperature, expected))

    return round(float(min(TEMPERATURES, key=at)), 3)


def train(
    model: Any,
    examples: Examples,
    recipe: Recipe,
    after: Callable[[int], None],
    loss: Loss | None = None,
) -> None:
    """Train a classifier in place; `after` as in `fit`.

    Without a loss, classes exclude each other, and the recipe says how far they are smoothed.
    """
    told = loss or partial(of_classes, smoothing=recipe.label_smoothing)

    def loss_of(batch: Sequence[int], chance: random.Random) -> torch.Tensor:
        logits = _logits(model, [examples.ids[at] for at in batch], recipe, chance)
        return told(logits, torch.from_numpy(examples.targets[list(batch)]))

    fit(model, [len(one) for one in examples.ids], recipe, loss_of, after)


def fit(
    model: Any,
    tokens: Sequence[int],
    recipe: Recipe,
    loss_of: Callable[[Sequence[int], random.Random], torch.Tensor],
    after: Callable[[int], None],
) -> None:
    """Train in place on texts of so many tokens; `loss_of` is told the places of a batch.

    `after` is told the step at each third of an epoch and at the end.
    """
    chance = random.Random(SEED)
    torch.manual_seed(SEED)
    lengths = [min(one, recipe.max_tokens) for one in tokens]
    an_epoch = len(batches(lengths, recipe.batch_tokens))
    steps = math.ceil(an_epoch * recipe.epochs)
    optimizer = _optimizer(model, recipe)
    schedule = _schedule(optimizer, recipe, steps)
    began, step = time.monotonic(), 0
    while step < steps:
        for batch in batches(lengths, recipe.batch_tokens, chance)[: steps - step]:
            model.train()
            loss = loss_of(batch, chance)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            step += 1
            if step % REPORT_EVERY == 0:
                took = time.monotonic() - began
                _LOG.info("step %d of %d, loss %.3f, %.0f s", step, steps, loss.item(), took)
            if step % max(1, an_epoch // 3) == 0 or step == steps:
                after(step)


def _optimizer(model: Any, recipe: Recipe) -> torch.optim.Optimizer:
    """Return AdamW with a learning rate of its own for the pieces' vectors."""
    table = model.get_input_embeddings().weight
    others = [one for one in model.parameters() if one is not table]
    return torch.optim.AdamW(
        [
            {"params": [table], "lr": recipe.embedding_rate, "weight_decay": 0.0},
            {"params": others, "lr": recipe.learning_rate},
        ],
        weight_decay=recipe.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )


def _schedule(
    optimizer: torch.optim.Optimizer, recipe: Recipe, steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """Return linear warm-up and decay over `steps`."""
    warm_up = max(1, int(steps * recipe.warm_up))
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(step / warm_up, max(0.0, (steps - step) / max(1, steps - warm_up))),
    )


def stretch(ids: Ids, limit: int, chance: random.Random) -> Ids:
    """Return the ids, or a random one of a text's beginning and its end where it is too long."""
    if len(ids) <= limit:
        return ids
    inner = limit - 2
    start = chance.choice((1, 1, len(ids) - 1 - inner))
    return [ids[0], *ids[start : start + inner], ids[-1]]


def _logits(model: Any, ids: Sequence[Ids], recipe: Recipe, chance: random.Random) -> torch.Tensor:
    given, mask = collate([stretch(one, recipe.max_tokens, chance) for one in ids])
    dropped = (torch.rand(given.shape) < recipe.token_dropout) & (given >= ORDINARY)
    # Of a short text every piece may be the "not" that decides.
    dropped &= mask.sum(dim=1, keepdim=True) >= recipe.dropout_from
    masked = given.masked_fill(dropped, ORDINARY - 1)
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
        logits: torch.Tensor = model(input_ids=masked, attention_mask=mask).logits
    return logits.float()
