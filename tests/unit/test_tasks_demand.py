"""What is wanted of late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from inference.tasks.catalogue import Catalogue
from inference.tasks.demand import Demand
from schemas.reference import CatalogueItem

NOW = datetime.now(UTC)
PRODUCTS = ("tea", "mug", "lamp")


@pytest.fixture
def catalogue() -> Catalogue:
    shop = Catalogue(2)
    for product in PRODUCTS:
        shop.put(CatalogueItem(product_id=product, title=product), np.ones(2, dtype=np.float32))
    return shop


def bought(demand: Demand, product: str, times: int, days_ago: float = 0.0) -> None:
    for _ in range(times):
        demand.add([(NOW - timedelta(days=days_ago), [product])])


def test_late_purchases_count_more_than_many_old_ones() -> None:
    demand = Demand(NOW)
    bought(demand, "tea", 40, days_ago=90)
    bought(demand, "mug", 3, days_ago=1)
    assert demand.most_wanted(5) == ["mug", "tea"]
    assert demand.most_wanted(1) == ["mug"]


def test_many_products_are_told_apart() -> None:
    demand = Demand(NOW)
    for number in range(200):
        bought(demand, f"p{number:03}", 1 + number % 100)
    assert demand.most_wanted(3) == ["p099", "p199", "p098"]


def test_what_sells_of_late_is_lifted_and_what_always_sold_is_not(catalogue: Catalogue) -> None:
    demand = Demand(NOW)
    bought(demand, "tea", 20, days_ago=2)
    bought(demand, "mug", 20, days_ago=300)
    tea, mug, lamp = demand.lift(catalogue, NOW).tolist()
    assert tea > lamp == 0.0 > mug


def test_the_lift_is_that_of_the_time_that_it_is_asked_for(catalogue: Catalogue) -> None:
    demand = Demand(NOW)
    bought(demand, "tea", 20)
    later = Demand(NOW - timedelta(days=30))
    bought(later, "tea", 20)
    soon = demand.lift(catalogue, NOW)[0]
    assert soon == pytest.approx(later.lift(catalogue, NOW)[0], rel=1e-5)
    fresh = Demand(NOW)
    bought(fresh, "tea", 20)
    assert fresh.lift(catalogue, NOW + timedelta(days=60))[0] < soon


def test_more_purchases_change_the_lift(catalogue: Catalogue) -> None:
    demand = Demand(NOW)
    bought(demand, "tea", 10)
    before = demand.lift(catalogue, NOW)
    bought(demand, "mug", 10)
    after = demand.lift(catalogue, NOW)
    assert (before[1], after[1] > 0) == (0.0, True)


def test_the_lift_follows_its_rows(catalogue: Catalogue) -> None:
    demand = Demand(NOW)
    bought(demand, "lamp", 10)
    assert demand.lift(catalogue, NOW).argmax() == 2
    catalogue.remove("tea")
    assert demand.lift(catalogue, NOW).argmax() == catalogue.row("lamp")


def test_many_purchases_at_once_count_as_they_do_one_by_one(catalogue: Catalogue) -> None:
    each = [
        (NOW - timedelta(hours=number), [PRODUCTS[number % 3], f"other-{number}"])
        for number in range(200)
    ]
    alone, together = Demand(NOW), Demand(NOW)
    for one in each:
        alone.add([one])
    together.add(each)
    together.add([])
    assert together.most_wanted(500) == alone.most_wanted(500)
    np.testing.assert_allclose(together.lift(catalogue, NOW), alone.lift(catalogue, NOW), rtol=1e-6)


@pytest.mark.parametrize("year", [1970, 9999])
def test_a_time_out_of_the_world_spoils_nothing(catalogue: Catalogue, year: int) -> None:
    demand = Demand(NOW)
    demand.add([(datetime(year, 1, 1, tzinfo=UTC), ["tea"])])
    bought(demand, "mug", 10)
    for now in (NOW, datetime(year, 1, 1, tzinfo=UTC)):
        assert np.isfinite(demand.lift(catalogue, now)).all()
    assert demand.most_wanted(1) == ["mug"]
