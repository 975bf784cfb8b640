"""8 bits are near float32, and a token's numbers are nobody else's matter."""

from __future__ import annotations

import pytest
import torch

from inference.models.int8 import FEWER, LEVELS, Int8Linear, to_int8, weight_levels

WIDTH = 128


def linear(*, bias: bool = True) -> torch.nn.Linear:
    torch.manual_seed(3)
    return torch.nn.Linear(WIDTH, 2 * WIDTH, bias=bias)


@pytest.mark.parametrize("levels", [LEVELS, FEWER])
@pytest.mark.parametrize("bias", [True, False])
def test_products_are_near(levels: int, bias: bool) -> None:
    if levels > weight_levels():
        pytest.skip("this processor's sums are not exact for weights of 8 bits")
    exact = linear(bias=bias)
    numbers = torch.randn(2, 5, WIDTH)
    with torch.inference_mode():
        expected, found = exact(numbers), Int8Linear(exact, levels)(numbers)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 0.05 * expected.abs().max()


def test_a_token_does_not_see_the_others() -> None:
    layer = Int8Linear(linear(), weight_levels())
    token = torch.randn(1, WIDTH)
    loud = 1e4 * torch.randn(7, WIDTH)
    with torch.inference_mode():
        together = layer(torch.cat([loud, token, torch.zeros(1, WIDTH)]))
        torch.testing.assert_close(together[7:8], layer(token), rtol=0, atol=1e-6)
        torch.testing.assert_close(together[8], layer.bias, rtol=0, atol=1e-6)


def test_what_is_no_number_stays_none() -> None:
    numbers = torch.full((1, WIDTH), float("nan"))
    with torch.inference_mode():
        assert Int8Linear(linear(), weight_levels())(numbers).isnan().all()


def test_wide_layers_are_converted_and_narrow_ones_are_not() -> None:
    inner = torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH))
    network = torch.nn.Sequential(inner, torch.nn.Linear(WIDTH, 3))
    to_int8(network)
    assert isinstance(inner[0], Int8Linear)
    assert isinstance(network[1], torch.nn.Linear)
