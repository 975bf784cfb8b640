"""The catalogue's matrix and what is picked from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.catalogue import Catalogue, item_text
from inference.tasks.demand import Demand
from inference.tasks.recommend import Buyer, RankPolicy, rank
from schemas.base import Language
from schemas.reference import CatalogueItem
from schemas.results import Recommendation, RecommendationReason

Floats = npt.NDArray[np.float32]
WIDTH = 4
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def item(product_id: str, **fields: object) -> CatalogueItem:
    given = {"product_id": product_id, "title": f"Title {product_id}", **fields}
    return CatalogueItem.model_validate(given)


def unit(*values: float) -> Floats:
    vector = np.array(values, dtype=np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def test_what_the_model_sees() -> None:
    assert item_text(item("a", category="Kitchen")) == "Title a | Kitchen"
    assert item_text(item("a", title=" Big\n kettle ")) == "Big kettle"


CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "remove"]), st.integers(0, 9), st.integers(0, 99)),
    max_size=60,
)


@given(CHANGES)
def test_the_matrix_is_that_of_a_plain_dict(changes: list[tuple[str, int, int]]) -> None:
    catalogue = Catalogue(WIDTH)
    naive: dict[str, tuple[CatalogueItem, float]] = {}
    for what, number, value in changes:
        product_id = f"p{number}"
        if what == "put":
            one = item(product_id, available=value % 2 == 0)
            catalogue.put(one, np.full(WIDTH, value, dtype=np.float32))
            naive[product_id] = (one, float(value))
        else:
            catalogue.remove(product_id)
            naive.pop(product_id, None)
    assert len(catalogue) == len(naive) == len(catalogue.vectors)
    for product_id, (one, expected) in naive.items():
        row = catalogue.row(product_id)
        assert row is not None
        assert catalogue.item(row) == one
        assert catalogue.vectors[row].tolist() == [expected] * WIDTH
        assert catalogue.available[row] == one.available


def test_growing_keeps_what_is_there() -> None:
    catalogue = Catalogue(WIDTH)
    for number in range(300):
        catalogue.put(item(str(number)), np.full(WIDTH, number, dtype=np.float32))
    assert catalogue.vectors[:, 0].tolist() == [float(number) for number in range(300)]


def test_an_item_whose_text_stays_keeps_its_vector() -> None:
    catalogue = Catalogue(WIDTH)
    assert catalogue.wants_vector(item("a"))
    catalogue.put(item("a"), unit(1, 0, 0, 0))
    assert not catalogue.wants_vector(item("a", price="2", available=False))
    assert catalogue.wants_vector(item("a", title="Other"))
    catalogue.put(item("a", available=False))
    assert (catalogue.vectors[0, 0], bool(catalogue.available[0])) == (1.0, False)
    assert catalogue.texts(["x", "a"]) == ["Title a"]
    assert catalogue.title("x", Language.ENGLISH) is None


def test_vectors_that_do_not_fit_are_refused() -> None:
    catalogue = Catalogue(WIDTH)
    with pytest.raises(ValueError, match="needs a vector"):
        catalogue.put(item("a"))
    with pytest.raises(ValueError, match="of 4"):
        catalogue.put(item("a"), unit(1, 0))
    assert len(catalogue) == 0


@pytest.fixture
def kitchen() -> Catalogue:
    catalogue = Catalogue(WIDTH)
    catalogue.put(
        item("kettle", title="Electric kettle", titles={"zh": "电热水壶"}), unit(1, 0, 0, 0)
    )
    catalogue.put(item("teapot"), unit(0.9, 0.2, 0, 0))
    catalogue.put(item("teapot-blue"), unit(0.9, 0.21, 0, 0))
    catalogue.put(item("tea"), unit(0.7, 0, 0.7, 0))
    catalogue.put(item("gone", available=False), unit(1, 0.01, 0, 0))
    catalogue.put(item("hammer"), unit(0, 0, 0, 1))
    return catalogue


def ids(picks: list[Recommendation]) -> list[str]:
    return [pick.product_id for pick in picks]


def demand(counts: Mapping[str, int] | None = None, days_ago: float = 0.0) -> Demand:
    wanted = Demand(NOW)
    for product, times in (counts or {}).items():
        for _ in range(times):
            wanted.add([(NOW - timedelta(days=days_ago), [product])])
    return wanted


def picks_for(
    buyer: Buyer,
    catalogue: Catalogue,
    count: int,
    wanted: Demand | None = None,
    policy: RankPolicy | None = None,
) -> list[Recommendation]:
    return rank(buyer, catalogue, count, wanted or demand(), NOW, policy)


def test_neither_what_was_bought_nor_what_cannot_be(kitchen: Catalogue) -> None:
    picks = picks_for(Buyer(orders=[["kettle"]], vector=unit(1, 0, 0, 0)), kitchen, 10)
    assert set(ids(picks)) == {"teapot", "teapot-blue", "tea", "hammer"}


def test_variety_keeps_near_identical_items_apart(kitchen: Catalogue) -> None:
    buyer = Buyer(orders=[["kettle"]], vector=unit(1, 0, 0, 0))
    assert ids(picks_for(buyer, kitchen, 2)) == ["teapot", "tea"]
    plain = RankPolicy(variety=0, twins=2)
    assert ids(picks_for(buyer, kitchen, 2, policy=plain)) == ["teapot", "teapot-blue"]


def test_the_reason_names_the_purchase_most_alike(kitchen: Catalogue) -> None:
    orders, vector = [["hammer"], ["kettle"]], unit(1, 0, 0, 0.5)
    pick = picks_for(Buyer(orders=orders, vector=vector), kitchen, 1)[0]
    assert (pick.reason, pick.because) == (RecommendationReason.GOES_WITH, "kettle")
    assert pick.text == "Goes with the Electric kettle you bought"
    assert pick.score == pytest.approx(float(unit(0.9, 0.2, 0, 0) @ vector), abs=1e-6)
    chinese = Buyer(orders=orders, vector=vector, language=Language.CHINESE)
    assert picks_for(chinese, kitchen, 1)[0].text == "搭配您买过的电热水壶"


def test_what_is_bought_again_and_again_may_be_again_but_not_at_once(kitchen: Catalogue) -> None:
    orders, vector = [["tea"], ["kettle", "tea"], ["hammer"]], unit(0.7, 0, 0.7, 0)
    again = [
        p for p in picks_for(Buyer(orders=orders, vector=vector), kitchen, 10) if p.because == "tea"
    ]
    assert [(p.product_id, p.reason, p.text) for p in again if p.product_id == "tea"] == [
        ("tea", RecommendationReason.BOUGHT_AGAIN, "You've bought this 2 times")
    ]
    just = Buyer(orders=[["tea"], ["kettle", "tea"]], vector=vector)
    assert "tea" not in ids(picks_for(just, kitchen, 10))


def test_what_is_bought_oftener_and_more_lately_comes_first(kitchen: Catalogue) -> None:
    plain = RankPolicy(variety=0, most_again=1)
    vector = unit(0, 1, 0, 0)  # like none of them
    often = [["tea"], ["tea"], ["tea", "hammer"], ["tea", "hammer"], ["kettle"]]
    assert ids(picks_for(Buyer(orders=often, vector=vector), kitchen, 2, policy=plain)) == [
        "tea",
        "hammer",
    ]
    lately = [["hammer"], ["hammer"], ["teapot"], ["tea"], ["tea"], ["kettle"]]
    assert ids(picks_for(Buyer(orders=lately, vector=vector), kitchen, 2, policy=plain)) == [
        "tea",
        "hammer",
    ]


def unlike(products: str) -> Catalogue:
    """Return products of one letter, none like another."""
    catalogue = Catalogue(len(products))
    for row, product in zip(np.eye(len(products), dtype=np.float32), products, strict=True):
        catalogue.put(item(product), row)
    return catalogue


def test_what_is_bought_again_leaves_room_for_what_is_new() -> None:
    orders = [list("abc"), list("abc"), ["nowhere"]]
    picks = picks_for(Buyer(orders=orders, vector=unit(1, 1, 1, 1, 1, 1)), unlike("abcdef"), 4)
    assert [pick.reason for pick in picks] == [
        *[RecommendationReason.BOUGHT_AGAIN] * 2,
        *[RecommendationReason.GOES_WITH] * 2,
    ]


def test_what_demand_alone_brought_up_goes_with_nothing() -> None:
    buyer = Buyer(orders=[["a"]], vector=unit(3, 2, 1))
    wanted = demand({"c": 1_000})
    picks = picks_for(buyer, unlike("abc"), 1, wanted, RankPolicy(pool=1, variety=0))
    assert [(pick.product_id, pick.reason, pick.score) for pick in picks] == [
        ("c", RecommendationReason.POPULAR, 0.0)
    ]


def test_where_nothing_else_is_left_what_is_bought_again_fills_the_list() -> None:
    catalogue = Catalogue(WIDTH)
    for product in ("tea", "cups", "honey"):
        catalogue.put(item(product), unit(1, 0, 0, 0))
    buyer = Buyer(orders=[["tea", "cups", "honey"]] * 2 + [["nowhere"]], vector=unit(1, 0, 0, 0))
    assert set(ids(picks_for(buyer, catalogue, 5))) == {"tea", "cups", "honey"}


def test_of_two_that_fit_alike_the_one_in_demand_comes_first(kitchen: Catalogue) -> None:
    buyer = Buyer(orders=[["kettle"]], vector=unit(1, 0, 0, 0))
    plain = RankPolicy(variety=0, twins=2)
    wanted = demand({"teapot-blue": 30})
    assert ids(picks_for(buyer, kitchen, 1, wanted, plain)) == ["teapot-blue"]
    long_ago = demand({"teapot-blue": 30}, days_ago=400)
    assert ids(picks_for(buyer, kitchen, 1, long_ago, plain)) == ["teapot"]


@pytest.mark.parametrize("vector", [None, unit(1, 0, 0, 0)])
def test_a_customer_without_a_known_history_gets_what_is_popular(
    kitchen: Catalogue, vector: Floats | None
) -> None:
    popular = demand({"tea": 5, "nowhere": 9, "gone": 8, "hammer": 5, "kettle": 1})
    picks = picks_for(Buyer(orders=[["nowhere"]], vector=vector), kitchen, 2, popular)
    assert ids(picks) == ["hammer", "tea"]
    assert {(p.score, p.reason, p.because) for p in picks} == {
        (0.0, RecommendationReason.POPULAR, None)
    }


def test_an_empty_catalogue_recommends_nothing() -> None:
    buyer = Buyer(orders=[["a"]], vector=unit(1, 0, 0, 0))
    assert picks_for(buyer, Catalogue(WIDTH), 5, demand({"a": 1})) == []


def test_all_bought_leaves_nothing(kitchen: Catalogue) -> None:
    everything = ["kettle", "teapot", "teapot-blue", "tea", "hammer"]
    assert picks_for(Buyer(orders=[everything], vector=unit(1, 0, 0, 0)), kitchen, 5) == []
