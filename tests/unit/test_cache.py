"""What is known of a text is what was computed for it, and takes no more room than it may."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.cache import ENTRY_BYTES, Key, RowCache, key_of
from inference.messages import Item, ModelInfo

WIDTH = 4
ROW_BYTES = ENTRY_BYTES + 4 * WIDTH
texts = st.text(max_size=4)
items = texts | st.lists(texts, max_size=3)


MODEL = ModelInfo(
    slot="s", name="n", hash="h", labels=(), width=WIDTH, device="cpu", dtype="float32"
)


@given(items, items)
def test_other_texts_have_other_keys(one: Item, other: Item) -> None:
    assert (key_of(MODEL, one) == key_of(MODEL, other)) == (one == other)


def test_other_models_have_other_keys() -> None:
    others = (replace(MODEL, hash="g"), replace(MODEL, slot="t"), replace(MODEL, dtype="int8"))
    models = (MODEL, *others)
    assert len({key_of(model, "a") for model in models}) == 4


def test_half_an_emoji_has_a_key() -> None:
    assert key_of(MODEL, "\ud83d") != key_of(MODEL, "?")


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=40),
    st.integers(0, 5 * ROW_BYTES),
)
def test_it_is_a_bounded_dictionary(steps: list[tuple[bool, int]], most: int) -> None:
    cache = RowCache(most)
    model: OrderedDict[int, float] = OrderedDict()
    for at, (is_put, number) in enumerate(steps):
        key: Key = ("s", "h", "float32", bytes([number]))
        if is_put:
            cache.put(key, np.full(WIDTH, at, dtype=np.float32))
            model[number] = at
            model.move_to_end(number)
            while len(model) * ROW_BYTES > most:
                model.popitem(last=False)
        else:
            row = cache.get(key)
            assert (row is None) == (number not in model)
            if row is not None:
                assert row.tolist() == [model[number]] * WIDTH
                model.move_to_end(number)
        assert len(cache) == len(model)
        assert cache.bytes == len(model) * ROW_BYTES


def test_a_row_is_a_copy() -> None:
    cache = RowCache(10_000)
    rows = np.ones((2, WIDTH), dtype=np.float32)
    cache.put(("s", "h", "float32", b"1"), rows[0])
    rows[:] = 2
    row = cache.get(("s", "h", "float32", b"1"))
    assert row is not None
    assert row.tolist() == [1] * WIDTH
