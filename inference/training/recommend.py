"""Trains the bundled recommender on the purchases of online_retail, split by time.

    python -m inference.training.recommend --data DIR --out DIR [--vocabulary DIR]

Trained on what was bought before 2011-11-02, looked at until 2011-11-21, measured after it. A
target is what a customer had not bought before, as in use: what stands in the history is left
out of the softmax, so that copying the history earns nothing.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.models.recommender import (
    ARCHITECTURE,
    MAX_HISTORY,
    WEIGHTS_FILE,
    WIDTH,
    PairScorer,
    encode_texts,
    padded_histories,
    padded_pieces,
)
from inference.training import readers
from inference.training.export import READABLE, compact, save_metrics
from inference.training.loop import SEED
from inference.training.shop import (
    Scorer,
    Sequences,
    Shop,
    item_neighbours,
    on_the_test,
    popularity,
    ranked,
    shop_of,
)
from inference.training.vocabulary import Floats, ensure_vocabulary

EPOCHS = 14
BATCH_ITEMS = 3_000
LEARNING_RATE = 2e-3
MAX_TARGETS = 10
SHORTEST = 3
BOUGHT = -1e4
"""Score of what stands in the history."""
_LOG = logging.getLogger(__name__)

Example = tuple[list[int], list[int]]
"""A history, and what was bought next and not before."""


def examples(sequences: Sequences, chance: random.Random) -> list[Example]:
    """Return histories cut at places of chance, several of a customer who bought much."""
    found: list[Example] = []
    for products in sequences.values():
        for _ in range(1 + len(products) // MAX_HISTORY):
            if len(products) < SHORTEST:
                continue
            cut = chance.randrange(1, len(products))
            seen = set(products[:cut])
            targets = [p for p in dict.fromkeys(products[cut:]) if p not in seen][:MAX_TARGETS]
            if targets:
                # Some histories are short in a shop's life, and some are long.
                found.append((products[:cut][-chance.randint(1, MAX_HISTORY) :], targets))
    return found


def batches(found: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Return batches of histories of like length, BATCH_ITEMS padded items in each."""
    result: list[list[Example]] = [[]]
    for one in sorted(found, key=lambda one: len(one[0]) + chance.random()):
        if (
            len(one[0]) * (len(result[-1]) + 1) > BATCH_ITEMS
            or len(result[-1]) >= BATCH_ITEMS // 16
        ):
            result.append([])
        result[-1].append(one)
    chance.shuffle(result)
    return [batch for batch in result if batch]


def history_vectors(network: PairScorer, items: Tensor, histories: Sequence[list[int]]) -> Tensor:
    """Return [histories, WIDTH] for rows of `items`."""
    ends = np.cumsum([len(history) for history in histories])
    spans = [(int(e) - len(h), int(e)) for e, h in zip(ends, histories, strict=True)]
    flat = items[[row for history in histories for row in history]]
    return network.histories(*padded_histories(flat, spans))


def train(network: PairScorer, shop: Shop, pieces: tuple[Tensor, Tensor]) -> None:
    """Train in place: softmax over all items, the bought ones share the probability."""
    chance = random.Random(SEED)  # noqa: S311
    trainable = [one for one in network.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=LEARNING_RATE, weight_decay=0.01)
    drawn = [batches(examples(shop.trained, chance), chance) for _ in range(EPOCHS)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=sum(len(epoch) for epoch in drawn) + 1
    )
    for number, epoch in enumerate(drawn):
        network.train()
        losses = []
        for batch in epoch:
            loss = _loss(network, network.items(*pieces), batch)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(trainable, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        figures = ranked(shop.trained, shop.chosen, scorer(network, pieces), new=True)
        _LOG.info("epoch %d: loss %.3f, %s", number, float(np.mean(losses)), figures)


def _loss(network: PairScorer, items: Tensor, batch: Sequence[Example]) -> Tensor:
    users = history_vectors(network, items, [history for history, _ in batch])
    scores = users @ items.T * network.sharpness.exp()
    bought = torch.zeros_like(scores, dtype=torch.bool)
    wanted = torch.zeros_like(scores)
    for row, (history, targets) in enumerate(batch):
        bought[row, history] = True
        wanted[row, targets] = 1 / len(targets)
    chances = torch.log_softmax(scores.masked_fill(bought, BOUGHT), dim=-1)
    return -(chances * wanted).sum(dim=-1).mean()


def scorer(network: PairScorer, pieces: tuple[Tensor, Tensor]) -> Scorer:
    """Return how the network scores every product for a history."""
    network.eval()
    with torch.inference_mode():
        items = network.items(*pieces)

    def score(history: list[int]) -> Floats:
        with torch.inference_mode():
            vector = history_vectors(network, items, [history[-MAX_HISTORY:]])
            scores: Floats = (vector @ items.T)[0].numpy()
        return scores

    return score


def new_network(vectors: Floats) -> PairScorer:
    """Return a network whose piece vectors are the vocabulary's, not to be trained.

    Frozen, they keep the two languages aligned, and words that no purchase ever named stay where
    their meaning puts them.
    """
    torch.manual_seed(SEED)
    network = PairScorer(len(vectors))
    kept = torch.from_numpy(vectors[:, :WIDTH].copy())
    with torch.no_grad():
        network.pieces.weight.copy_(kept / kept.norm(dim=-1).mean())
        network.turn.weight.copy_(torch.eye(WIDTH))
        network.importance.weight.zero_()
    network.pieces.weight.requires_grad_(False)
    return network


def save(network: PairScorer, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write weights in half precision, tokenizer and configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    halved = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(halved, folder / WEIGHTS_FILE)
    (folder / WEIGHTS_FILE).chmod(READABLE)
    tokenizer.save_pretrained(folder)
    compact(folder / "tokenizer.json")
    config = json.dumps({"architecture": ARCHITECTURE, "width": WIDTH}, indent=2)
    (folder / "config.json").write_text(config + "\n", encoding="utf-8")


def main() -> None:
    """Train, measure beside the floors, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, default=Path(".shopstreams/vocabulary"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    began = time.monotonic()
    shop = shop_of(readers.online_retail(arguments.data))
    tokenizer, vectors = ensure_vocabulary(arguments.data, arguments.vocabulary)
    network = new_network(vectors)
    pieces = padded_pieces(encode_texts(tokenizer, shop.titles))
    figures = {
        "popularity": on_the_test(shop, popularity(shop)),
        "item-kNN": on_the_test(shop, item_neighbours(shop)),
        "untrained": on_the_test(shop, scorer(network, pieces)),
    }
    _LOG.info("%s", figures)
    train(network, shop, pieces)
    save(network, tokenizer, arguments.out)
    figures = {"trained": on_the_test(shop, scorer(network, pieces)), **figures}
    _LOG.info("%s", figures["trained"])
    minutes = round((time.monotonic() - began) / 60, 1)
    about = {"items": len(shop.titles), "customers": len(shop.trained), "minutes": minutes}
    save_metrics(arguments.out, {"full ranking of all items": figures, **about})


if __name__ == "__main__":
    main()
