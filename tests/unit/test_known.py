"""Which models a client knows: those that an answer may still name, and no others."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from inference.errors import ModelError, UnknownSlot
from inference.frames import Action, Loaded, Seat, Wish
from inference.known import Known
from inference.messages import Lane, Plan
from inference.requests import Address, Wished
from inference.testing import fake_model

SLOT = "sentiment"


def loaded(number: int) -> Loaded:
    model = replace(fake_model(SLOT, ["bad", "good"]), name=f"model {number}")
    return Loaded(version=f"{SLOT}#{number}", source=f"folder {number}", model=model)


def wished(action: Action, request: int) -> Wished:
    wish = Wish(request=request, action=action, slot=SLOT, source="folder")
    return Wished(wish=wish, granted=asyncio.get_running_loop().create_future())


def known() -> Known:
    made = Known()
    made.adopt([loaded(0)])
    return made


async def test_what_is_swapped_is_in_use_and_what_is_loaded_beside_it() -> None:
    made = known()
    made.grant(wished(Action.LOAD, 1), loaded(1), oldest=2, newest=1)
    assert made.in_use[SLOT].name == "model 0"
    assert made.beside[SLOT].name == "model 1"
    made.grant(wished(Action.SWAP, 2), loaded(1), oldest=3, newest=2)
    assert made.in_use[SLOT].name == "model 1"
    assert not made.beside


async def test_a_model_that_is_freed_is_known_while_an_answer_may_name_it() -> None:
    made = known()
    # Request 5 was sent before the worker said that it had swapped.
    made.grant(wished(Action.SWAP, 4), loaded(1), oldest=5, newest=5)
    assert f"{SLOT}#0" in made.by_version
    made.grant(wished(Action.SWAP, 6), loaded(2), oldest=7, newest=6)
    assert f"{SLOT}#0" not in made.by_version


async def test_many_swaps_leave_nothing_behind() -> None:
    made = known()
    for number in range(1, 100):
        made.grant(wished(Action.LOAD, 2 * number), loaded(number), 2 * number, 2 * number)
        request = 2 * number + 1
        made.grant(wished(Action.SWAP, request), loaded(number), request + 1, request)
    assert len(made.by_version) <= 3


async def test_a_new_worker_has_lost_what_stood_beside() -> None:
    made = known()
    made.grant(wished(Action.LOAD, 1), loaded(1), oldest=2, newest=1)
    assert made.adopt([loaded(7)]) == [SLOT]
    assert list(made.by_version) == [f"{SLOT}#7"]
    assert not made.adopt([loaded(8)])


def test_who_is_not_there_cannot_be_asked() -> None:
    with pytest.raises(UnknownSlot):
        known().seated(Address(slot="other", seat=Seat.IN_USE, lane=Lane.CHAT))
    with pytest.raises(ModelError, match="load one first"):
        known().seated(Address(slot=SLOT, seat=Seat.LOADED, lane=Lane.CHAT))


def test_what_was_measured_does_not_make_another_model() -> None:
    first = replace(
        fake_model(SLOT, ["bad", "good"]),
        plan=Plan(packed=True, threads=1, reason="2.1 times as fast"),
        batch_tokens=4096,
    )
    plan = Plan(packed=True, threads=1, reason="2.2 times as fast")
    assert replace(first, plan=plan, batch_tokens=5376) == first
    assert replace(first, hash="f" * 16) != first
