"""Weights that are laid out for oneDNN give the same products, wherever that can be had."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from inference.models.onednn import NARROW, OneDnnLinear, to_onednn
from inference.models.planning import plan
from tests.unit.test_packing import bert

WIDTH = 2 * NARROW
TEXTS = [[5, 6, 7, 8, 9], [8], [9, 10], [11, 12, 13]]
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("bias", [True, False])
def test_products_are_the_same(dtype: torch.dtype, bias: bool) -> None:
    torch.manual_seed(3)
    plain = torch.nn.Linear(WIDTH, NARROW, bias=bias).to(dtype)
    numbers = torch.randn(2, 5, WIDTH).to(dtype)
    with torch.inference_mode():
        expected, found = plain(numbers), OneDnnLinear(plain)(numbers)
        turned = OneDnnLinear(plain)(numbers.transpose(0, 1))
    torch.testing.assert_close(found, expected, rtol=0, atol=TOLERANCE[dtype])
    torch.testing.assert_close(turned, found.transpose(0, 1), rtol=0, atol=TOLERANCE[dtype])


def test_wide_layers_are_replaced_until_it_is_undone() -> None:
    inner = torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH))
    network = torch.nn.Sequential(inner, torch.nn.Linear(WIDTH, 3))
    before = list(network.modules())
    undo = to_onednn(network)
    assert isinstance(inner[0], OneDnnLinear)
    assert isinstance(network[1], torch.nn.Linear)
    undo()
    assert list(network.modules()) == before


def test_without_onednn_all_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    network = torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH))
    to_onednn(network)
    assert type(network[0]) is torch.nn.Linear


@pytest.mark.parametrize("wanted", ["fp32", "bf16"])
def test_a_network_is_computed_so_unless_it_looks_into_its_layers(
    wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = plan(bert(), wanted=wanted, device="cpu", samples=TEXTS, pad=0)
    assert kinds_of(found.way.network) & {OneDnnLinear}

    def broken(_: Any, numbers: torch.Tensor) -> torch.Tensor:
        raise AttributeError("weight")

    monkeypatch.setattr(OneDnnLinear, "forward", broken)
    kept = plan(bert(), wanted=wanted, device="cpu", samples=TEXTS, pad=0)
    assert not kinds_of(kept.way.network) & {OneDnnLinear}
    assert kept.way(TEXTS).shape[0] == len(TEXTS)


def kinds_of(network: torch.nn.Module) -> set[type]:
    return {type(module) for module in network.modules()}
