"""A shop's own recommender: from files of orders to a folder that the worker loads."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from inference.errors import ModelError, TrainingError
from inference.files.columns import Columns
from inference.files.errors import ColumnError, FileError
from inference.models.loading import BUNDLED_FOLDER, load
from inference.tasks.catalogue import Catalogue
from inference.tasks.demand import Demand
from inference.training.data.purchases import read_catalogue, read_purchases
from inference.training.readers import Purchase
from inference.training.recommend import fine, train_recommender
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
from streams.cli.app import app

BASE = BUNDLED_FOLDER / "recommend"
START = datetime(2026, 1, 5, tzinfo=UTC)
TITLES = {
    f"{kind}-{number}": f"{colour} {kind}"
    for kind in ("teapot", "hammer")
    for number, colour in enumerate(("red", "blue", "green", "white"))
}


def purchases(customers: int = 40, visits: int = 5) -> list[Purchase]:
    """Customers who buy either tea things or tools, a product every few days."""
    lines = []
    for customer in range(customers):
        kind = ("teapot", "hammer")[customer % 2]
        for visit in range(visits):
            day = START + timedelta(days=visit * 7 + customer / customers)
            product = f"{kind}-{(customer // 2 + visit) % 4}"
            lines.append(Purchase(f"c{customer}", day.isoformat(), product, TITLES[product]))
    return sorted(lines, key=lambda line: line.day)


def told(_: str) -> None:
    """Listen to nothing."""


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


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_text("precious")
    with pytest.raises(TrainingError, match="is not empty"):
        train_recommender(purchases(), tmp_path, BASE, fine(1), told)
    assert (tmp_path / "model.safetensors").read_text() == "precious"


def test_one_that_was_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    def end(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_recommender(purchases(), tmp_path / "own", BASE, fine(3), end)
    assert not (tmp_path / "own").exists()


def test_a_tuned_recommender_is_a_folder_that_the_worker_loads(tmp_path: Path) -> None:
    epochs: list[str] = []
    told = train_recommender(purchases(), tmp_path / "own", BASE, fine(2), epochs.append)
    figures = told["full ranking of all items"]
    assert {"trained", "before training", "popularity", "own most bought", "item-kNN"} == set(
        figures
    )
    assert len(epochs) == 2
    assert len(told["curve"]) == 3  # what it began with, too
    assert json.loads((tmp_path / "own/metrics.json").read_text())["items"] == len(TITLES)
    model = load("recommend", str(tmp_path / "own"), "cpu", 128)
    rows = model.forward(model.prepare(["red teapot", ["blue hammer", "red hammer"]]))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    # Where no epoch is better than what it began with, that is kept.
    learned = any(one != told["curve"][0] for one in told["curve"])
    assert (model.info.hash != load("recommend", "bundled", "cpu", 128).info.hash) is learned


def test_one_seed_gives_one_result(tmp_path: Path) -> None:
    for name in ("one", "two"):
        train_recommender(purchases(), tmp_path / name, BASE, fine(1), told)
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_too_few_customers_who_come_back_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="0 customers who came back are there to learn from"):
        train_recommender(purchases(visits=1), tmp_path, BASE, fine(1), told)


def test_a_base_that_is_no_recommender_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has not the weights of a recommender"):
        train_recommender(purchases(), tmp_path, BUNDLED_FOLDER / "sentiment", fine(1), told)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    orders, catalogue = tmp_path / "orders.csv", tmp_path / "products.csv"
    with orders.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["who", "sku", "quantity", "when"])
        lines.writerows([line.customer, line.product, 1, line.day] for line in purchases())
        lines.writerow(["c1", "teapot-1", -1, START.isoformat()])
        lines.writerow(["c1", "unknown", 1, START.isoformat()])
        lines.writerow(["", "teapot-1", 1, START.isoformat()])
        lines.writerow(["c1", "teapot-1", 1, "some day"])
    with catalogue.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["product_id", "name"])
        lines.writerows(TITLES.items())
    return orders, catalogue


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


def test_the_command_trains_and_tells(files: tuple[Path, Path], tmp_path: Path) -> None:
    arguments = [
        "train",
        "recommend",
        str(files[0]),
        "--catalogue",
        str(files[1]),
        "--out",
        str(tmp_path / "own"),
    ]
    maps = ["--map", "user_id=who,product_id=sku,created_at=when", "--catalogue-map", "title=name"]
    result = CliRunner().invoke(app, [*arguments, *maps, "--epochs", "1"])
    assert result.exit_code == 0, result.output
    assert "1 lines were left out: not in the catalogue" in result.stderr
    assert json.loads(result.stdout)["items"] == len(TITLES)
    assert (tmp_path / "own/model.safetensors").is_file()
