"""What a customer may like next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from inference.tasks.catalogue import Catalogue
from inference.tasks.spoken import short_title
from schemas.base import Language
from schemas.results import Recommendation, RecommendationReason

Floats = npt.NDArray[np.float32]

_LAST: Final = 4.0
"""More than any two scores can differ by."""

_SENTENCES: Final = {
    Language.ENGLISH: {
        RecommendationReason.GOES_WITH: "Goes with the {title} you bought",
        RecommendationReason.BOUGHT_AGAIN: "You've bought this {times} times",
        RecommendationReason.POPULAR: "Popular with other customers",
    },
    Language.CHINESE: {
        RecommendationReason.GOES_WITH: "搭配您买过的{title}",
        RecommendationReason.BOUGHT_AGAIN: "您已经买过{times}次",
        RecommendationReason.POPULAR: "很多顾客都在买",
    },
}


@dataclass(frozen=True, kw_only=True)
class RankPolicy:
    """How recommendations are picked."""

    variety: float = 0.3  # 0 takes the best scores; 1 only minds being unlike what is picked
    twins: float = 0.95  # likeness from which an item is another's twin, and comes after all else
    pool: int = 50  # best items that are picked from
    repeats: int = 2  # purchases from which an item counts as bought again and again


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Whom to recommend to."""

    history: Sequence[str]  # product ids, most recent last, one for each order it was in
    vector: Floats | None = None  # the model's row for the history [width], None without one
    just_bought: Collection[str] = ()  # of the last order: not again, however often
    language: Language = Language.ENGLISH


def rank(
    buyer: Buyer,
    catalogue: Catalogue,
    count: int,
    popular: Sequence[str],
    policy: RankPolicy | None = None,
) -> list[Recommendation]:
    """Return up to `count` recommendations, best first; see `rank_many`."""
    return rank_many([buyer], catalogue, count, popular, policy)[0]


def rank_many(
    buyers: Sequence[Buyer],
    catalogue: Catalogue,
    count: int,
    popular: Sequence[str],
    policy: RankPolicy | None = None,
) -> list[list[Recommendation]]:
    """Return up to `count` recommendations for each customer, best first.

    Never what cannot be bought, nor what was bought before, unless the history shows that it is
    bought again and again. A customer whose history the catalogue does not know gets what is
    popular (`popular`: product ids, best first, see `most_popular`) instead.
    """
    picker = _Picker(catalogue, count, popular, policy or RankPolicy())
    vectors = [b.vector if catalogue.rows(b.history) else None for b in buyers]
    known = [vector for vector in vectors if vector is not None]
    # One product for all: reading the catalogue once is what costs.
    scores = iter(np.stack(known) @ catalogue.vectors.T if known else ())
    return [
        picker.by_popularity(buyer) if vector is None else picker.by_likeness(buyer, next(scores))
        for buyer, vector in zip(buyers, vectors, strict=True)
    ]


def most_popular(counts: Mapping[str, int]) -> list[str]:
    """Return the products by their number of purchases, most first; the id decides ties."""
    return sorted(counts, key=lambda product_id: (-counts[product_id], product_id))


@dataclass(frozen=True)
class _Picker:
    catalogue: Catalogue
    count: int
    popular: Sequence[str]
    policy: RankPolicy

    def by_likeness(self, buyer: Buyer, scores: Floats) -> list[Recommendation]:
        """Return the picks by score [items] and variety."""
        bought = Counter(buyer.history)
        allowed = self.catalogue.available.copy()
        allowed[self.catalogue.rows(self._not_again(buyer, bought))] = False
        pool = _best(np.where(allowed, scores, -np.inf), max(self.policy.pool, self.count))
        picked = self._varied(pool, scores)
        return self._explained(buyer, bought, picked, scores)

    def _not_again(self, buyer: Buyer, bought: Counter[str]) -> set[str]:
        seldom = {product for product, times in bought.items() if times < self.policy.repeats}
        return seldom.union(buyer.just_bought)

    def _varied(self, pool: npt.NDArray[np.intp], scores: Floats) -> list[int]:
        """Return rows by maximal marginal relevance (Carbonell and Goldstein, 1998).

        Each step takes the row with the greatest (1 - variety) * score - variety * likeness to
        the most alike of those taken; a twin of one taken waits until there is nothing else.
        """
        vectors, variety = self.catalogue.vectors[pool], self.policy.variety
        alike = np.zeros(len(pool), dtype=np.float32)
        left = (1 - variety) * scores[pool]
        picked: list[int] = []
        for _ in range(min(self.count, len(pool))):
            at = int(np.argmax(left - variety * alike - _LAST * (alike >= self.policy.twins)))
            picked.append(at)
            left[at] = -np.inf
            alike = np.maximum(alike, vectors @ vectors[at])
        return [int(pool[at]) for at in picked]

    def _explained(
        self, buyer: Buyer, bought: Counter[str], picked: list[int], scores: Floats
    ) -> list[Recommendation]:
        past = list(dict.fromkeys(self.catalogue.rows(buyer.history)))
        vectors = self.catalogue.vectors
        nearest = (vectors[picked] @ vectors[past].T).argmax(axis=1)
        whys = (
            self._why(row, past[at], bought, buyer.language)
            for row, at in zip(picked, nearest.tolist(), strict=True)
        )
        return [
            self._pick(row, buyer.language, float(scores[row]), why)
            for row, why in zip(picked, whys, strict=True)
        ]

    def _why(self, row: int, past: int, bought: Counter[str], language: Language) -> _Why:
        product_id, source = self.catalogue.item(row).product_id, self.catalogue.item(past)
        if product_id in bought:
            reason = RecommendationReason.BOUGHT_AGAIN
            text = _SENTENCES[language][reason].format(times=bought[product_id])
            return _Why(reason, text, product_id)
        reason = RecommendationReason.GOES_WITH
        title = short_title(source.title_in(language))
        return _Why(reason, _SENTENCES[language][reason].format(title=title), source.product_id)

    def by_popularity(self, buyer: Buyer) -> list[Recommendation]:
        """Return the first of what is popular that can be bought and was not."""
        known = set(buyer.history).union(buyer.just_bought)
        rows = (self.catalogue.row(product) for product in self.popular if product not in known)
        open_rows = (row for row in rows if row is not None and self.catalogue.available[row])
        reason = RecommendationReason.POPULAR
        why = _Why(reason, _SENTENCES[buyer.language][reason], None)
        return [self._pick(row, buyer.language, 0.0, why) for row in islice(open_rows, self.count)]

    def _pick(self, row: int, language: Language, score: float, why: _Why) -> Recommendation:
        item = self.catalogue.item(row)
        return Recommendation(
            product_id=item.product_id,
            title=item.title_in(language),
            score=min(1.0, max(-1.0, score)),
            reason=why.reason,
            because=why.because,
            text=why.text,
        )


class _Why(NamedTuple):
    reason: RecommendationReason
    text: str
    because: str | None


def _best(scores: Floats, count: int) -> npt.NDArray[np.intp]:
    """Return the rows of the `count` greatest finite scores, best first."""
    count = min(count, len(scores))
    rows = np.argpartition(scores, -count)[-count:] if count else np.arange(0)
    rows = rows[np.isfinite(scores[rows])]
    return rows[np.argsort(-scores[rows], kind="stable")]
