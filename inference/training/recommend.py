"""Trains the recommender: the bundled one on online_retail, or a shop's own on its orders.

    python -m inference.training.recommend --data DIR --out DIR [--vocabulary DIR]

A target is what a customer had not bought before, as in use: what stands in the history is left
out of the softmax, so that copying the history earns nothing. What demand lifts at that moment is
added to the scores and not learned, so that the network learns what is the customer's own; the
same lift is added in use. The weights are kept of the epoch that is best on later purchases.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.errors import TrainingError
from inference.models.folder import read_config
from inference.models.recommender import (
    ARCHITECTURE,
    MAX_HISTORY,
    WEIGHTS_FILE,
    WIDTH,
    PairScorer,
    encode_texts,
    padded_histories,
    padded_pieces,
    read_network,
)
from inference.training import readers
from inference.training.export import READABLE, compact, save_metrics
from inference.training.loop import SEED
from inference.training.readers import Purchase
from inference.training.recommend_check import Figures, floor_scorers, scorer
from inference.training.shop import Lifts, Order, Orders, Shop, bought, figures, shop_of
from inference.training.tuning.folder import check_out
from inference.training.vocabulary import Floats, ensure_vocabulary

BATCH = 96
HORIZON_DAYS = 20.0
"""What is bought so soon after the cut is what the history is to foretell."""
MOST_TARGETS = 20
CUTS = 8
"""Of one customer's orders, drawn anew each epoch."""
SHORTEST_BASKET = 4
"""Products of a first order from which it is cut in two: customers of one order teach, too."""
HISTORIES = (MAX_HISTORY, MAX_HISTORY, MAX_HISTORY, 25, 10)
"""Lengths that histories are cut to by chance: some are short in a shop's life."""
SHARPNESS = 18.0
"""Of the softmax over cosines; fixed, so that demand weighs alike beside every model."""
FEWEST_CUSTOMERS = 20
"""With earlier purchases, in each part: fewer say nothing."""
BOUGHT = -1e4
"""Score of what stands in the history."""
CHOSEN_FROM, MEASURED_FROM = "2011-11-02", "2011-11-21"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a recommender is trained."""

    epochs: int
    learning_rate: float
    threads: int = 0  # of the processor; 0 is torch's choice


FRESH = Recipe(epochs=12, learning_rate=2e-3)


def fine(epochs: int, threads: int = 0) -> Recipe:
    """Return the recipe for a network that has learned in another shop."""
    return Recipe(epochs=epochs, learning_rate=1e-3, threads=threads)


class Example(NamedTuple):
    """A customer at one moment."""

    history: list[int]
    owned: list[int]  # all that was bought before, to be left out
    targets: list[int]
    day: float


def examples(orders: Orders, chance: random.Random) -> list[Example]:
    """Return moments of all customers, drawn by chance."""
    found: list[Example] = []
    for own in orders.values():
        places = range(1, len(own))
        cuts = places if len(own) <= CUTS else chance.sample(places, CUTS)
        for cut in cuts:
            found.append(_cut(own, cut, chance))
        found.append(_halved(own[0], chance))
    return [one for one in found if one.history and one.targets]


def _cut(own: Sequence[Order], cut: int, chance: random.Random) -> Example:
    before, day = bought(own[:cut]), own[cut].day
    owned = set(before)
    soon = bought(one for one in own[cut:] if one.day < day + HORIZON_DAYS)
    targets = [product for product in dict.fromkeys(soon) if product not in owned]
    if len(targets) > MOST_TARGETS:
        targets = chance.sample(targets, MOST_TARGETS)
    return Example(before[-chance.choice(HISTORIES) :], sorted(owned), targets, day)


def _halved(first: Order, chance: random.Random) -> Example:
    products = chance.sample(first.products, len(first.products))
    cut = chance.randrange(1, len(products)) if len(products) >= SHORTEST_BASKET else 0
    history = products[:cut][-MAX_HISTORY:]
    return Example(history, history, products[cut:][:MOST_TARGETS], first.day)


def batches(found: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Return batches of histories of like length."""
    ordered = sorted(found, key=lambda one: len(one.history) + MAX_HISTORY * chance.random() / 3)
    result = [list(ordered[at : at + BATCH]) for at in range(0, len(ordered), BATCH)]
    chance.shuffle(result)
    return result


def train(
    network: PairScorer,
    shop: Shop,
    pieces: tuple[Tensor, Tensor],
    lifts: Lifts,
    recipe: Recipe,
    say: Callable[[str], None],
) -> list[Figures]:
    """Train in place: softmax over all items, the bought ones share the probability.

    Leaves the weights that were best on the purchases to choose on, those from before training
    among them; returns what each reached there, before training and after each epoch.
    """
    chance = random.Random(SEED)
    torch.manual_seed(SEED)
    trainable = [one for one in network.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=recipe.learning_rate, weight_decay=0.01)
    drawn = [batches(examples(shop.trained, chance), chance) for _ in range(recipe.epochs)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=sum(len(epoch) for epoch in drawn) + 1
    )
    curve = [_chosen(network, shop, pieces, lifts)]
    best = _copied(network)
    for number, epoch in enumerate(drawn, start=1):
        network.train()
        losses = [_step(network, pieces, batch, lifts, optimizer, schedule) for batch in epoch]
        found = _chosen(network, shop, pieces, lifts)
        say(_epoch(number, recipe, float(np.mean(losses)), found))
        if _merit(found) > max(map(_merit, curve)):
            best = _copied(network)
        curve.append(found)
    network.load_state_dict(best)
    return curve


def _copied(network: PairScorer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def _chosen(
    network: PairScorer, shop: Shop, pieces: tuple[Tensor, Tensor], lifts: Lifts
) -> Figures:
    score = scorer(network, pieces, shop, lifts, shop.chosen_from)
    return figures(shop.trained, shop.chosen, score)


def _merit(found: Figures) -> float:
    """Return what the epoch is chosen by: repeats hang on no weight of the network."""
    return found["new"]["ndcg@10"]


def _epoch(number: int, recipe: Recipe, loss: float, found: Figures) -> str:
    gains = ", ".join(f"{kind} {of['ndcg@10']:.4f}" for kind, of in found.items())
    return f"epoch {number} of {recipe.epochs}: loss {loss:.3f}, NDCG@10 {gains}"


def _step(
    network: PairScorer,
    pieces: tuple[Tensor, Tensor],
    batch: Sequence[Example],
    lifts: Lifts,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> float:
    loss = _loss(network, network.items(*pieces), batch, lifts)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
    return loss.item()


def _loss(network: PairScorer, items: Tensor, batch: Sequence[Example], lifts: Lifts) -> Tensor:
    lift = torch.from_numpy(np.stack([lifts.at(one.day) for one in batch]))
    users = history_vectors(network, items, [one.history for one in batch])
    scores = (users @ items.T + lift) * SHARPNESS
    owned = torch.zeros_like(scores, dtype=torch.bool)
    wanted = torch.zeros_like(scores)
    for row, one in enumerate(batch):
        owned[row, one.owned] = True
        wanted[row, one.targets] = 1 / len(one.targets)
    chances = torch.log_softmax(scores.masked_fill(owned, BOUGHT), dim=-1)
    return -(chances * wanted).sum(dim=-1).mean()


def history_vectors(network: PairScorer, items: Tensor, histories: Sequence[list[int]]) -> Tensor:
    """Return [histories, WIDTH] for rows of `items`."""
    ends = np.cumsum([len(history) for history in histories])
    spans = [(int(e) - len(h), int(e)) for e, h in zip(ends, histories, strict=True)]
    flat = items[[row for history in histories for row in history]]
    return network.histories(*padded_histories(flat, spans))


def new_network(vectors: Floats) -> PairScorer:
    """Return a network whose piece vectors are the vocabulary's.

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
    return network


def train_recommender(
    purchases: Sequence[Purchase],
    out: Path,
    base: Path,
    recipe: Recipe,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Tune the recommender in `base` on a shop's purchases, in their order; write it to `out`.

    `say` is told each epoch. Nothing is written before the end, so that one that was ended begins
    anew. Returns the figures of the card: the model beside its floors on the
    last tenth of the purchases, which it never saw. A purchase's title is what the model reads of
    a product. Raises `ModelError` where `base` is no recommender, and `TrainingError` where
    too few customers came back or `out` is not empty.
    """
    check_out(out)
    read_config(base, str(base))
    tokenizer, network = read_network(base, base.name)
    shop = shop_of(purchases)
    _check(shop)
    return _fit(network, tokenizer, shop, out, recipe, say)


def _check(shop: Shop) -> None:
    returned = {
        "to learn from": sum(len(orders) > 1 for orders in shop.trained.values()),
        "to choose an epoch by": len(shop.trained.keys() & shop.chosen.keys()),
        "to measure on": len(shop.known.keys() & shop.after.keys()),
    }
    for what, customers in returned.items():
        if customers < FEWEST_CUSTOMERS:
            raise TrainingError(
                f"{customers} customers who came back are there {what}, and {FEWEST_CUSTOMERS} "
                "are needed: bring the orders of a longer time, or use the bundled model"
            )


def _fit(
    network: PairScorer,
    tokenizer: PreTrainedTokenizerFast,
    shop: Shop,
    out: Path,
    recipe: Recipe,
    say: Callable[[str], None],
) -> dict[str, Any]:
    began = time.monotonic()
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    network.pieces.weight.requires_grad_(False)
    pieces = padded_pieces(encode_texts(tokenizer, shop.titles))
    lifts = Lifts(shop.known, len(shop.titles), shop.after_from)
    beside = {
        name: figures(shop.known, shop.after, score) for name, score in floor_scorers(shop).items()
    }
    beside["before training"] = _measured(network, shop, pieces, lifts)
    curve = train(network, shop, pieces, lifts, recipe, say)
    save(network, tokenizer, out)
    told: dict[str, Any] = {
        "full ranking of all items": {
            "trained": _measured(network, shop, pieces, lifts),
            **beside,
        },
        "curve": curve,
        "items": len(shop.titles),
        "customers": len(shop.trained),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    save_metrics(out, told)
    return told


def _measured(
    network: PairScorer, shop: Shop, pieces: tuple[Tensor, Tensor], lifts: Lifts
) -> Figures:
    return figures(shop.known, shop.after, scorer(network, pieces, shop, lifts, shop.after_from))


def save(network: PairScorer, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write weights in half precision, tokenizer and configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    halved = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(halved, folder / WEIGHTS_FILE)
    (folder / WEIGHTS_FILE).chmod(READABLE)
    tokenizer.save_pretrained(folder)
    compact(folder / "tokenizer.json")
    config: Mapping[str, Any] = {"architecture": ARCHITECTURE, "width": WIDTH}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Train the bundled model, measure it beside the floors, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, default=Path(".shopstreams/vocabulary"))
    parser.add_argument("--base", type=Path, help="a recommender to begin with")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    shop = shop_of(readers.online_retail(arguments.data), CHOSEN_FROM, MEASURED_FROM)
    recipe = FRESH if arguments.base is None else fine(6)
    if arguments.base is not None:
        tokenizer, network = read_network(arguments.base, arguments.base.name)
    else:
        tokenizer, vectors = ensure_vocabulary(arguments.data, arguments.vocabulary)
        network = new_network(vectors)
    told = _fit(network, tokenizer, shop, arguments.out, recipe, _LOG.info)
    _LOG.info("%s", told["full ranking of all items"])


if __name__ == "__main__":
    main()
