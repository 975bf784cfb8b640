"""The catalogue's matrix and what is picked from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.tasks.catalogue import Catalogue, item_text
from inference.tasks.recommend import Buyer, RankPolicy, most_popular, rank, rank_many
from schemas.base import Language
from schemas.reference import CatalogueItem
from schemas.results import Recommendation, RecommendationReason

Floats = npt.NDArray[np.float32]
WIDTH = 4


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


def test_neither_what_was_bought_nor_what_cannot_be(kitchen: Catalogue) -> None:
    picks = rank(Buyer(history=["kettle"], vector=unit(1, 0, 0, 0)), kitchen, 10, [])
    assert set(ids(picks)) == {"teapot", "teapot-blue", "tea", "hammer"}


def test_variety_keeps_near_identical_items_apart(kitchen: Catalogue) -> None:
    buyer = Buyer(history=["kettle"], vector=unit(1, 0, 0, 0))
    assert ids(rank(buyer, kitchen, 2, [])) == ["teapot", "tea"]
    plain = RankPolicy(variety=0, twins=2)
    assert ids(rank(buyer, kitchen, 2, [], plain)) == ["teapot", "teapot-blue"]


def test_the_reason_names_the_purchase_most_alike(kitchen: Catalogue) -> None:
    history, vector = ["hammer", "kettle"], unit(1, 0, 0, 0.5)
    pick = rank(Buyer(history=history, vector=vector), kitchen, 1, [])[0]
    assert (pick.reason, pick.because) == (RecommendationReason.GOES_WITH, "kettle")
    assert pick.text == "Goes with the Electric kettle you bought"
    assert pick.score == pytest.approx(float(unit(0.9, 0.2, 0, 0) @ vector), abs=1e-6)
    chinese = Buyer(history=history, vector=vector, language=Language.CHINESE)
    assert rank(chinese, kitchen, 1, [])[0].text == "搭配您买过的电热水壶"


def test_what_is_bought_again_and_again_may_be_again_but_not_at_once(kitchen: Catalogue) -> None:
    history, vector = ["tea", "kettle", "tea", "hammer"], unit(0.7, 0, 0.7, 0)
    pick = rank(Buyer(history=history, vector=vector), kitchen, 1, [])[0]
    assert (pick.product_id, pick.because) == ("tea", "tea")
    assert (pick.reason, pick.text) == (
        RecommendationReason.BOUGHT_AGAIN,
        "You've bought this 2 times",
    )
    just = Buyer(history=history, vector=vector, just_bought=["tea"])
    assert "tea" not in ids(rank(just, kitchen, 10, []))


@pytest.mark.parametrize("vector", [None, unit(1, 0, 0, 0)])
def test_a_customer_without_a_known_history_gets_what_is_popular(
    kitchen: Catalogue, vector: Floats | None
) -> None:
    popular = most_popular({"tea": 5, "nowhere": 9, "gone": 8, "hammer": 5, "kettle": 1})
    picks = rank(Buyer(history=["nowhere"], vector=vector), kitchen, 2, popular)
    assert ids(picks) == ["hammer", "tea"]
    assert {(p.score, p.reason, p.because) for p in picks} == {
        (0.0, RecommendationReason.POPULAR, None)
    }


def test_an_empty_catalogue_recommends_nothing() -> None:
    buyer = Buyer(history=["a"], vector=unit(1, 0, 0, 0))
    assert rank(buyer, Catalogue(WIDTH), 5, ["a"]) == []


def test_all_bought_leaves_nothing(kitchen: Catalogue) -> None:
    everything = ["kettle", "teapot", "teapot-blue", "tea", "hammer"]
    assert rank(Buyer(history=everything, vector=unit(1, 0, 0, 0)), kitchen, 5, []) == []


@given(st.integers(0, 2**32 - 1))
def test_many_at_once_get_what_each_gets_alone(seed: int) -> None:
    random = np.random.default_rng(seed)
    catalogue = Catalogue(8)
    for number in range(40):
        catalogue.put(item(str(number)), unit(*random.normal(size=8)))
    buyers = [
        Buyer(
            history=[str(n) for n in random.integers(0, 50, 3)], vector=unit(*random.normal(size=8))
        )
        for _ in range(5)
    ]
    together = rank_many(buyers, catalogue, 5, ["1"])
    for buyer, picks in zip(buyers, together, strict=True):
        alone = rank(buyer, catalogue, 5, ["1"])
        assert ids(alone) == ids(picks)
        assert [p.score for p in alone] == pytest.approx([p.score for p in picks], abs=1e-6)
