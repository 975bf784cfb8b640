"""How large batches may be: halved where memory is short, and slowly as large as before."""

from __future__ import annotations

from inference.allowance import CALM_BATCHES, Allowance

SLOT = "sentiment#1"
MEASURED = 4096


def allowance() -> Allowance:
    made = Allowance(default=64)
    made.allow(SLOT, MEASURED)
    return made


def calm(made: Allowance, batches: int) -> None:
    for _ in range(batches):
        made.fitted(SLOT, made.of(SLOT))


def batches_until_it_grows(made: Allowance) -> int:
    before, batches = made.of(SLOT), 0
    while made.of(SLOT) == before:
        calm(made, 1)
        batches += 1
    return batches


def test_a_batch_that_did_not_fit_halves_the_budget() -> None:
    made = allowance()
    made.too_large(SLOT, 3000)
    assert made.of(SLOT) == 1500
    assert made.of("other") == 64


def test_it_grows_back_a_little_at_a_time_and_no_further() -> None:
    made = allowance()
    made.too_large(SLOT, MEASURED)
    low = made.of(SLOT)
    calm(made, CALM_BATCHES - 1)
    assert made.of(SLOT) == low
    calm(made, 1)
    assert low < made.of(SLOT) < 1.2 * low
    calm(made, 100 * CALM_BATCHES)
    assert made.of(SLOT) == MEASURED


def test_each_further_time_it_is_more_careful() -> None:
    made, waits = allowance(), []
    for _ in range(4):
        made.too_large(SLOT, made.of(SLOT))
        waits.append(batches_until_it_grows(made))
    assert waits == sorted(set(waits))


def test_small_batches_say_nothing_of_large_ones() -> None:
    made = allowance()
    made.too_large(SLOT, MEASURED)
    low = made.of(SLOT)
    for _ in range(100 * CALM_BATCHES):
        made.fitted(SLOT, low // 4)
    assert made.of(SLOT) == low


def test_what_one_item_alone_does_not_fit_into_says_nothing_of_the_rest() -> None:
    made = allowance()
    made.too_large(SLOT, MEASURED)
    made.restore(SLOT)
    assert made.of(SLOT) == MEASURED


def test_of_what_is_forgotten_nothing_is_left() -> None:
    made = allowance()
    made.forget(SLOT)
    made.fitted(SLOT, 10)
    assert made.of(SLOT) == 64
