"""Release by key: order within a key, and nobody waits for another."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.ordering import Group, KeyOrder

Key = str | None
One = tuple[int, int]
"""A record: its group and its place there."""


class Groups:
    """An order of groups with these keys, and what has left of them so far."""

    def __init__(self, *keys: Sequence[Key]) -> None:
        self.order: KeyOrder[Group] = KeyOrder()
        self.groups = [Group(list(each)) for each in keys]
        for group in self.groups:
            self.order.add(group)
        self.left: list[One] = []

    def ready(self, *ones: One) -> None:
        for group, place in ones:
            self.order.ready(self.groups[group], [place])

    def take(
        self, limit: int = 100, may_leave: Callable[[One], bool] = lambda _: True
    ) -> list[One]:
        """Let leave what may, as a pipeline does; return it."""
        before = len(self.left)
        while (first := self.order.take_first()) is not None:
            self.left += self._named(*first)

        def allowed(group: Group, place: int) -> bool:
            return may_leave((self.groups.index(group), place))

        for group, places in self.order.take_ahead(limit, allowed):
            self.left += self._named(group, places)
        return self.left[before:]

    def _named(self, group: Group, places: Sequence[int]) -> Iterator[One]:
        return ((self.groups.index(group), place) for place in places)


def test_the_oldest_group_leaves_as_a_whole() -> None:
    groups = Groups("ab", "a")
    groups.ready((0, 1), (0, 0))
    assert groups.order.take_first() is not None
    assert groups.order.take_first() is None


def test_other_keys_do_not_wait() -> None:
    groups = Groups(["slow", "quick"], ["slow", "quick"])
    groups.ready((0, 1), (1, 0), (1, 1))
    assert groups.take() == [(0, 1), (1, 1)]
    groups.ready((0, 0))
    assert groups.take() == [(0, 0), (1, 0)]


def test_records_without_a_key_are_in_no_order() -> None:
    groups = Groups([None, None])
    groups.ready((0, 1))
    assert groups.take() == [(0, 1)]


def test_what_may_not_leave_holds_back_its_key_alone_and_is_asked_again() -> None:
    groups = Groups("x", "aba")
    groups.ready((1, 0), (1, 1), (1, 2))
    assert groups.take(may_leave=lambda one: one != (1, 0)) == [(1, 1)]
    groups.ready((0, 0))
    assert groups.take() == [(0, 0), (1, 0), (1, 2)]


def test_a_limit_leaves_the_rest_for_the_next_time() -> None:
    groups = Groups("x", "abc")
    groups.ready((1, 0), (1, 1), (1, 2))
    assert groups.take(limit=2) == [(1, 0), (1, 1)]
    assert groups.take(limit=2) == [(1, 2)]


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=6), max_size=8),
    st.integers(0, 2**32),
    st.integers(1, 5),
)
def test_all_leave_once_in_their_keys_order(keys: list[list[Key]], seed: int, limit: int) -> None:
    chance = random.Random(seed)
    groups = Groups(*keys)
    ones = [(number, place) for number, each in enumerate(keys) for place in range(len(each))]
    answers = list(ones)
    chance.shuffle(answers)
    for one in answers:
        groups.ready(one)
        groups.take(limit, lambda _: chance.random() < 0.7)
        for number, place in groups.left:
            key = keys[number][place]
            earlier = [o for o in ones if o < (number, place) and keys[o[0]][o[1]] == key]
            assert key is None or all(o in groups.left for o in earlier)
    groups.take(len(ones) + 1)
    assert sorted(groups.left) == ones
    for key in ("a", "b", "c"):
        of_key = [one for one in groups.left if keys[one[0]][one[1]] == key]
        assert of_key == sorted(of_key)
    assert groups.take(len(ones) + 1) == []
