"""What a recommender is measured with: its ranking as in use, and the floors beside it."""

from __future__ import annotations

import torch
from torch import Tensor

from inference.models.recommender import MAX_HISTORY, PairScorer, padded_histories
from inference.tasks.catalogue import Catalogue
from inference.tasks.recommend import Buyer, RankPolicy, relevance
from inference.training.shop import (
    Lifts,
    Order,
    Scorer,
    Shop,
    bought,
    item_neighbours,
    most_bought,
    popularity,
)
from inference.training.vocabulary import Floats
from schemas.reference import CatalogueItem

Figures = dict[str, dict[str, float]]
LARGEST_TABLE = 200_000_000
"""Customers by items, or items by items; item-kNN is left out where there are more."""


def catalogue_of(shop: Shop, vectors: Floats) -> Catalogue:
    """Return the shop's products with their vectors, in the shop's order."""
    catalogue = Catalogue(vectors.shape[1])
    for product, title, vector in zip(shop.products, shop.titles, vectors, strict=True):
        catalogue.put(CatalogueItem(product_id=product, title=title), vector)
    return catalogue


def scorer(
    network: PairScorer, pieces: tuple[Tensor, Tensor], shop: Shop, lifts: Lifts, day: float
) -> Scorer:
    """Return how the network ranks every product on a day, demand and repeats as in use."""
    network.eval()
    with torch.inference_mode():
        items = network.items(*pieces)
    catalogue = catalogue_of(shop, items.numpy())
    lift, policy = lifts.at(day), RankPolicy()

    def score(orders: list[Order]) -> Floats:
        last = items[bought(orders)[-MAX_HISTORY:]]
        with torch.inference_mode():
            vector = network.histories(*padded_histories(last, [(0, len(last))]))[0].numpy()
        buyer = Buyer(orders=[[shop.products[row] for row in one.products] for one in orders])
        return relevance(buyer, catalogue, catalogue.vectors @ vector, lift, policy)

    return score


def floor_scorers(shop: Shop) -> dict[str, Scorer]:
    """Return what a model must beat, fitted on all that was known."""
    known, products = shop.known, len(shop.titles)
    scorers = {
        "popularity": popularity(known, products),
        "own most bought": most_bought(known, products),
    }
    if max(len(known), products) * products <= LARGEST_TABLE:
        scorers["item-kNN"] = item_neighbours(known, products)
    return scorers
