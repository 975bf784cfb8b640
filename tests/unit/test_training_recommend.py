"""What a shop's own recommender learns from: its orders, their parts, and floors beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from inference.files.columns import Columns
from inference.files.errors import ColumnError, FileError
from inference.tasks.catalogue import Catalogue
from inference.tasks.demand import Demand
from inference.training.data.purchases import read_catalogue, read_purchases
from inference.training.recommend_check import floor_scorers
from inference.training.shop import (
    Floats,
    Lifts,
    Order,
    item_neighbours,
    most_bought,
    ranked,
    shop_of,
)
from schemas.reference import CatalogueItem
from tests.toys.purchases import START, TITLES, purchases, write_files


def test_the_last_purchases_are_kept_for_choosing_and_measuring() -> None:
    shop = shop_of(purchases())
    counts = [
        sum(len(orders) for orders in part.values())
        for part in (shop.trained, shop.chosen, shop.known, shop.after)
    ]
    assert counts == [160, 20, 180, 20]
    assert max(order.day for of in shop.trained.values() for order in of) < shop.chosen_from
    assert min(order.day for of in shop.after.values() for order in of) >= shop.after_from


def test_the_lift_in_training_is_that_in_use() -> None:
    orders = {
        "ann": [Order(100.0, [0, 1]), Order(103.0, [0])],
        "bob": [Order(109.0, [2]), Order(112.0, [0])],
    }
    lifts = Lifts(orders, 3, 110.0)
    now = datetime.fromtimestamp(110 * 86_400, UTC)
    demand = Demand(now)
    catalogue = Catalogue(2)
    for product in range(3):
        catalogue.put(
            CatalogueItem(product_id=str(product), title="x"), np.ones(2, dtype=np.float32)
        )
    for order in [one for of in orders.values() for one in of if one.day < 110]:
        at = datetime.fromtimestamp(order.day * 86_400, UTC)
        demand.add([(at, [str(product) for product in order.products])])
    np.testing.assert_allclose(lifts.at(110.0), demand.lift(catalogue, now), rtol=1e-5)


def test_new_and_again_are_ranked_apart() -> None:
    known = {"ann": [Order(1.0, [0])], "bob": [Order(1.0, [1])]}
    after = {"ann": [Order(2.0, [0, 2])], "bob": [Order(2.0, [2])], "eve": [Order(2.0, [0])]}

    def score(orders: list[Order]) -> Floats:
        return np.array([3.0, 2.0, 1.0], dtype=np.float32)

    hits = ranked(known, after, score)
    # Without what was bought before, product 2 is second of both; eve has no history.
    np.testing.assert_allclose(hits.new, [(1.0, 1 / np.log2(3))] * 2)
    assert hits.again == [(1.0, 1.0)]


def test_floors_know_the_customer() -> None:
    known = {
        "ann": [Order(1.0, [0, 1]), Order(2.0, [1])],
        "bob": [Order(1.0, [0, 2])],
        "eve": [Order(1.0, [2, 0])],
    }
    assert most_bought(known, 4)(known["ann"]).argsort()[::-1].tolist() == [1, 0, 2, 3]
    scores = item_neighbours(known, 4)([Order(3.0, [2])])
    assert scores.argsort()[::-1][:2].tolist() == [2, 0]


def test_a_shop_of_too_many_products_is_measured_without_item_knn() -> None:
    few = shop_of(purchases())
    products = [str(number) for number in range(15_000)]
    many = replace(few, products=products, titles=products)
    assert "item-kNN" in floor_scorers(few)
    assert set(floor_scorers(many)) == {"popularity", "own most bought"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write_files(tmp_path)


COLUMNS = Columns(renamed={"user_id": "who", "product_id": "sku", "created_at": "when"})


def test_what_is_no_purchase_is_left_out_and_told(files: tuple[Path, Path]) -> None:
    found = read_purchases(files[0], COLUMNS, TITLES)
    assert found.lines == purchases()
    assert found.left_out == {
        "not bought, or brought back": 1,
        "not in the catalogue": 1,
        "no user_id": 1,
        "no time that can be read": 1,
    }


def test_whole_orders_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    order = {
        "order_id": "1",
        "user_id": "ann",
        "created_at": START.isoformat(),
        "items": [{"product_id": "teapot-1", "quantity": 2}, {"product_id": "hammer-2"}],
    }
    cancelled = {**order, "status": "cancelled"}
    path.write_text("\n".join(map(json.dumps, (order, cancelled))), encoding="utf-8")
    found = read_purchases(path, Columns(), TITLES)
    assert [line.product for line in found.lines] == ["teapot-1", "hammer-2"]
    assert found.left_out == {"not bought, or brought back": 2}


def test_missing_columns_are_named(files: tuple[Path, Path]) -> None:
    with pytest.raises(ColumnError, match=r"has no user_id.*--map user_id=COLUMN"):
        read_purchases(files[0], Columns(), TITLES)
    with pytest.raises(ColumnError, match=r"has no title.*--catalogue-map title=COLUMN"):
        read_catalogue(files[1], Columns())


def test_a_file_of_strangers_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(FileError, match="no row that can be used"):
        read_purchases(files[0], COLUMNS, {"another": "thing"})
