"""Models that come and go: of which kind, in whose place, and when one is freed."""

from __future__ import annotations

import asyncio
import weakref
from dataclasses import replace
from pathlib import Path
from queue import Queue

import numpy as np
import pytest

from inference.changes import Changes, Workshop, check_kind
from inference.desk import Done
from inference.errors import InferenceError, ModelError
from inference.frames import Action, Ask, Loaded, Wish
from inference.messages import EXPIRED, Answer, ItemError, Lane
from inference.models.base import Model
from inference.runtime import Runtime
from inference.scheduler import Scheduler
from inference.settings import InferenceSettings
from inference.shadow import agreement
from inference.shelves import Shelves, Version
from tests.toys.worker import ToyModel
from tests.waiting import until

LIMIT_S = 20
TOY_INFO = ToyModel("toy").info
pytestmark = pytest.mark.timeout(60)


def test_labels_in_another_order_agree() -> None:
    def answer(labels: tuple[str, ...], rows: list[list[float]], **errors: ItemError) -> Answer:
        nothing = np.zeros(len(rows), dtype=np.float32)
        return Answer(
            rows=np.array(rows, dtype=np.float32),
            errors={int(place.strip("_")): error for place, error in errors.items()},
            queue_ms=nothing,
            compute_ms=nothing,
            model=replace(TOY_INFO, labels=labels, width=len(labels)),
        )

    mine = answer(("bad", "good"), [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.3, 0.7]])
    nan = float("nan")
    theirs = answer(
        ("good", "bad", "so-so"), [[0.1, 0.9, 0.0], [0.1, 0.2, 0.7], [nan] * 3], _2=EXPIRED
    )
    found = agreement(mine, [0, 2, 3], theirs)
    assert found.items == 2
    assert found.pairs == {("bad", "bad"): 1, ("good", "so-so"): 1}
    assert found.difference == pytest.approx(0.7)
    assert found.largest == pytest.approx(0.7)
    assert agreement(mine, [1], answer(("good",), [[nan]], _0=EXPIRED)).items == 0


async def test_the_model_before_is_freed(tmp_path: Path) -> None:
    models: list[weakref.ref[ToyModel]] = []

    def load(_: InferenceSettings) -> dict[str, Model]:
        model = ToyModel("toy", mark=len(models))
        models.append(weakref.ref(model))
        return {"toy": model}

    workshop = Workshop(InferenceSettings(models={"toy": "first"}, batch_tokens=64), load)
    done: Queue[Done] = Queue()
    runtime = Runtime(Scheduler(batch_tokens=64, capacity=10), done.put, lambda _: None)
    runtime.start()
    shelves = Shelves(workshop.all())
    changes = Changes(workshop, shelves, runtime)
    for number in range(5):
        current = shelves.current("toy")
        asked = Ask(request=number, slot="toy", lane=Lane.CHAT, items=["text"])
        runtime.submit(asked, current.model, current.key)
        del current
        await asyncio.to_thread(done.get, timeout=LIMIT_S)
        wish = Wish(request=0, action=Action.SWAP, slot="toy", source=f"next {number}")
        await changes.make(wish)
    await until(lambda: sum(model() is not None for model in models) == 1)
    runtime.stop()


# -- kinds


@pytest.mark.parametrize(
    ("new", "old", "is_fine"),
    [
        (("a", "b"), ("a", "b", "c"), True),
        ((), (), True),
        ((), ("a", "b"), False),
        (("a", "b"), (), False),
    ],
)
def test_a_model_takes_the_place_of_its_kind(
    new: tuple[str, ...], old: tuple[str, ...], is_fine: bool
) -> None:
    pair = [
        Loaded(version="toy#1", source=f"of {labels}", model=replace(TOY_INFO, labels=labels))
        for labels in (new, old)
    ]
    if is_fine:
        check_kind(*pair)
    else:
        with pytest.raises(ModelError, match="cannot take the place of"):
            check_kind(*pair)


def test_many_labels_are_not_one_of_them() -> None:
    one = Loaded(version="toy#1", source="one", model=TOY_INFO)
    many = replace(one, model=replace(TOY_INFO, has_many_labels=True))
    with pytest.raises(ModelError, match="it gives any number of labels, and toy needs labels"):
        check_kind(many, one)


def test_vectors_of_another_width_are_of_another_kind() -> None:
    narrow = Loaded(version="toy#1", source="narrow", model=replace(TOY_INFO, labels=()))
    wide = replace(narrow, model=replace(narrow.model, width=8))
    with pytest.raises(ModelError, match="toy needs vectors of 3 numbers"):
        check_kind(wide, narrow)


# -- shelves


def version(name: str) -> Version:
    model = ToyModel("toy", name=name)
    return Version(model=model, loaded=Loaded(version=name, source=name, model=model.info))


def test_what_stands_on_no_shelf_is_freed() -> None:
    one, two, three, four = map(version, "1234")
    shelves = Shelves({"toy": one})
    assert shelves.bring("toy", two) == []
    assert shelves.bring("toy", three) == [two]
    assert shelves.swap("toy") == [one]
    assert shelves.current("toy") is three
    assert shelves.bring("toy", four) == []
    assert shelves.clear("toy") == [four]
    assert shelves.clear("toy") == []
    assert shelves.current("toy") is three
    with pytest.raises(InferenceError):
        shelves.swap("toy")
