"""What a customer may like next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from inference.tasks.catalogue import Catalogue
from inference.tasks.demand import Demand
from inference.tasks.spoken import short_title
from schemas.base import Language
from schemas.results import Recommendation, RecommendationReason

Floats = npt.NDArray[np.float32]

_LAST: Final = 4.0
"""More than any two scores can differ by."""
WANTED_CANDIDATES: Final = 200
"""More than a recommendation needs: some are bought already, some cannot be bought."""

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
    """How recommendations are picked.

    What was bought before is weighed by its own numbers, `again` and after, which were fitted on
    online_retail beside those of `demand.WEIGHTS`; all stand on the scale of a cosine.
    """

    variety: float = 0.3  # 0 takes the best scores; 1 only minds being unlike what is picked
    twins: float = 0.95  # likeness from which an item is another's twin, and comes after all else
    pool: int = 50  # best items that are picked from
    repeats: int = 2  # purchases from which an item counts as bought again and again
    most_again: float = 0.5  # share of the list that such items have, if others are left
    again: float = 1.0  # of an item for having been bought: before nearly all that is new
    times: float = 0.052  # for the logarithm of its purchases, plus one
    lately: float = 0.056  # for the logarithm of its purchases faded by order, plus one
    fading: float = 0.8  # what of a purchase remains with each order after it
    wanted: float = 0.66  # share that demand has


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Whom to recommend to."""

    orders: Sequence[Sequence[str]]  # product ids of each order, oldest first, each once
    vector: Floats | None = None  # the model's row for the history [width], None without one
    language: Language = Language.ENGLISH

    @property
    def history(self) -> list[str]:
        """Return all product ids, most recent last, one for each order it was in."""
        return [product for order in self.orders for product in order]

    @property
    def just_bought(self) -> Sequence[str]:
        """Return the products of the last order: not again, however often."""
        return self.orders[-1] if self.orders else ()


def rank(
    buyer: Buyer,
    catalogue: Catalogue,
    count: int,
    demand: Demand,
    now: datetime,
    policy: RankPolicy | None = None,
) -> list[Recommendation]:
    """Return up to `count` recommendations, best first.

    Never what cannot be bought, nor what was bought before, unless the history shows that it is
    bought again and again. A customer whose history the catalogue does not know gets what is
    most wanted of late instead.
    """
    told = policy or RankPolicy()
    picker = _Picker(catalogue, count, told)
    if buyer.vector is None or not catalogue.rows(buyer.history):
        return picker.by_demand(buyer, demand.most_wanted(WANTED_CANDIDATES))
    likeness = catalogue.vectors @ buyer.vector
    relevant = relevance(buyer, catalogue, likeness, demand.lift(catalogue, now), told)
    return picker.by_likeness(buyer, likeness, relevant)


def relevance(
    buyer: Buyer,
    catalogue: Catalogue,
    likeness: Floats,
    lift: Floats,
    policy: RankPolicy,
) -> Floats:
    """Return how likely the customer is to buy each item next [items]; only the order counts.

    `likeness` is the cosine of customer and item, `lift` what demand adds [items]. What was
    bought before is known better than by its likeness: by how often, and how lately.
    """
    relevant: Floats = likeness + lift
    counts: dict[int, tuple[int, float]] = {}
    for ago, order in enumerate(reversed(buyer.orders)):
        for row in catalogue.rows(order):
            times, lately = counts.get(row, (0, 0.0))
            counts[row] = (times + 1, lately + policy.fading**ago)
    if counts:
        rows = list(counts)
        own = np.log1p(list(counts.values())) @ (policy.times, policy.lately)
        relevant[rows] = policy.again + own + policy.wanted * lift[rows]
    return relevant


@dataclass(frozen=True)
class _Picker:
    catalogue: Catalogue
    count: int
    policy: RankPolicy

    def by_likeness(self, buyer: Buyer, likeness: Floats, relevant: Floats) -> list[Recommendation]:
        """Return the picks by relevance [items] and variety, with their likeness as score."""
        bought = Counter(buyer.history)
        new = self.catalogue.available.copy()
        new[self.catalogue.rows(bought)] = False
        again = np.zeros_like(new)
        again[self.catalogue.rows(self._again(buyer, bought))] = True
        again &= self.catalogue.available
        size = max(self.policy.pool, self.count)
        # Of each their own pool: what is bought again could fill one of both.
        pool = np.concatenate(
            [_best(np.where(kind, relevant, -np.inf), size) for kind in (new, again)]
        )
        picked = self._varied(pool, relevant, again[pool])
        # What demand alone brought up is said to be popular, and to go with nothing.
        alike = likeness[_best(np.where(new, likeness, -np.inf), size)]
        fits = float(alike[-1]) if len(alike) else 0.0
        return self._explained(buyer, bought, picked, likeness, fits)

    def _again(self, buyer: Buyer, bought: Counter[str]) -> set[str]:
        often = {product for product, times in bought.items() if times >= self.policy.repeats}
        return often.difference(buyer.just_bought)

    def _varied(
        self, pool: npt.NDArray[np.intp], relevant: Floats, again: npt.NDArray[np.bool_]
    ) -> list[int]:
        """Return rows by maximal marginal relevance (Carbonell and Goldstein, 1998).

        Each step takes the row with the greatest (1 - variety) * relevance - variety * likeness to
        the most alike of those taken. A twin of one taken, and what is bought `again` once that
        has its share, waits until there is nothing else.
        """
        vectors, variety = self.catalogue.vectors[pool], self.policy.variety
        alike = np.zeros(len(pool), dtype=np.float32)
        left = (1 - variety) * relevant[pool]
        room = int(self.count * self.policy.most_again)
        picked: list[int] = []
        for _ in range(min(self.count, len(pool))):
            waits = (alike >= self.policy.twins) | (again & (again[picked].sum() >= room))
            at = int(np.argmax(left - variety * alike - _LAST * waits))
            picked.append(at)
            left[at] = -np.inf
            alike = np.maximum(alike, vectors @ vectors[at])
        return [int(pool[at]) for at in picked]

    def _explained(
        self, buyer: Buyer, bought: Counter[str], picked: list[int], likeness: Floats, fits: float
    ) -> list[Recommendation]:
        past = list(dict.fromkeys(self.catalogue.rows(buyer.history)))
        vectors = self.catalogue.vectors
        nearest = (vectors[picked] @ vectors[past].T).argmax(axis=1)
        picks = []
        for row, at in zip(picked, nearest.tolist(), strict=True):
            if self.catalogue.item(row).product_id in bought:
                why = self._bought_again(row, bought, buyer.language)
            elif likeness[row] >= fits:
                why = self._goes_with(past[at], buyer.language)
            else:
                why = _popular(buyer.language)
            score = 0.0 if why.because is None else float(likeness[row])
            picks.append(self._pick(row, buyer.language, score, why))
        return picks

    def _bought_again(self, row: int, bought: Counter[str], language: Language) -> _Why:
        product_id, reason = self.catalogue.item(row).product_id, RecommendationReason.BOUGHT_AGAIN
        text = _SENTENCES[language][reason].format(times=bought[product_id])
        return _Why(reason, text, product_id)

    def _goes_with(self, past: int, language: Language) -> _Why:
        source, reason = self.catalogue.item(past), RecommendationReason.GOES_WITH
        title = short_title(source.title_in(language))
        return _Why(reason, _SENTENCES[language][reason].format(title=title), source.product_id)

    def by_demand(self, buyer: Buyer, wanted: Sequence[str]) -> list[Recommendation]:
        """Return the first of what is wanted that can be bought and was not."""
        known = set(buyer.history)
        rows = (self.catalogue.row(product) for product in wanted if product not in known)
        open_rows = (row for row in rows if row is not None and self.catalogue.available[row])
        why = _popular(buyer.language)
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


def _popular(language: Language) -> _Why:
    reason = RecommendationReason.POPULAR
    return _Why(reason, _SENTENCES[language][reason], None)


def _best(scores: Floats, count: int) -> npt.NDArray[np.intp]:
    """Return the rows of the `count` greatest finite scores, best first."""
    count = min(count, len(scores))
    rows = np.argpartition(scores, -count)[-count:] if count else np.arange(0)
    rows = rows[np.isfinite(scores[rows])]
    return rows[np.argsort(-scores[rows], kind="stable")]
