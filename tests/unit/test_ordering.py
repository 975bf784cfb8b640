"""Release by key: order within a key, and nobody waits for another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.ordering import KeyOrder, Ordered


class One(Ordered):
    def __init__(self, number: int, key: str | None) -> None:
        super().__init__()
        self.number = number
        self.key = key


def taken(order: KeyOrder[One], limit: int = 100) -> list[int]:
    return [one.number for one in order.take(limit, lambda _: True)]


def filled(*keys: str | None) -> tuple[KeyOrder[One], list[One]]:
    order: KeyOrder[One] = KeyOrder()
    ones = [One(number, key) for number, key in enumerate(keys)]
    for one in ones:
        order.add(one)
    return order, ones


def test_other_keys_do_not_wait() -> None:
    order, ones = filled("slow", "quick", "slow", "quick")
    for one in ones[1:]:
        order.ready(one)
    assert taken(order) == [1, 3]
    order.ready(ones[0])
    assert taken(order) == [0, 2]
    assert order.is_empty


def test_records_without_a_key_are_in_no_order() -> None:
    order, ones = filled(None, None)
    order.ready(ones[1])
    assert taken(order) == [1]


def test_what_may_not_leave_stays_first_and_holds_back_its_key_alone() -> None:
    order, ones = filled("a", "b", "a")
    for one in ones:
        order.ready(one)
    assert [one.number for one in order.take(10, lambda one: one.key != "a")] == [1]
    assert taken(order) == [0, 2]


def test_a_limit_leaves_the_rest_for_the_next_time() -> None:
    order, ones = filled("a", "b", "c")
    for one in ones:
        order.ready(one)
    assert taken(order, 2) == [0, 1]
    assert taken(order, 2) == [2]


@given(
    st.lists(st.sampled_from(["a", "b", "c", None]), max_size=30),
    st.randoms(use_true_random=False),
    st.integers(1, 5),
)
def test_all_leave_once_in_their_keys_order(
    keys: list[str | None], chance: object, limit: int
) -> None:
    order, ones = filled(*keys)
    answers = list(ones)
    chance.shuffle(answers)  # type: ignore[attr-defined]
    left: list[One] = []
    for one in answers:
        order.ready(one)
        allowed = {other.number for other in ones if chance.random() < 0.7}  # type: ignore[attr-defined]
        left += order.take(limit, lambda other, allowed=allowed: other.number in allowed)  # type: ignore[misc]
        for other in left:
            earlier = [o for o in ones if o.key == other.key and o.number < other.number]
            assert other.key is None or all(o in left for o in earlier)
    left += order.take(len(ones), lambda _: True)
    assert sorted(one.number for one in left) == list(range(len(ones)))
    for key in {"a", "b", "c"}:
        numbers = [one.number for one in left if one.key == key]
        assert numbers == sorted(numbers)
    assert order.is_empty
