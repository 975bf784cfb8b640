"""What benchmarks make of the values that they took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import end_to_end, inference, report
from tests.benchmarks.end_to_end import OURS, OURS_SHIPPED
from tests.benchmarks.relay import Run
from tests.benchmarks.shapes import Shape
from tests.benchmarks.texts import Texts
from tests.benchmarks.watch import Seen


def values(**changed: list[float]) -> dict[str, list[float]]:
    rounds = {
        "offline_transformers": [80.0, 100.0],
        "offline_own": [100.0, 50.0],
        "pipeline": [40.0, 50.0],
        "worker": [100.0, 110.0],
        "offline_transformers_processor_us": [1000.0, 1000.0],
        "offline_own_processor_us": [900.0, 1100.0],
        "worker_processor_us": [1000.0, 1000.0],
        "flood_alone": [100.0, 100.0],
        "flood_with_chat": [90.0, 95.0],
        "chat_p99_added_batches": [0.5, 0.7],
    }
    return rounds | changed


def a_run(rate: float) -> Run:
    seen = Seen(started=0.0, ended=100.0 / rate, results=100, distinct=100)
    return Run(seen=seen, processor_us=1.0)


def test_the_worker_is_measured_against_the_faster_loop_of_each_round() -> None:
    found = inference.ratios(values())["offline"]

    assert found == {"median": 1.05, "spread": [1.0, 1.1]}


def test_processor_time_is_compared_with_the_cheaper_loop() -> None:
    assert inference.ratios(values())["offline_by_processor"]["spread"] == [0.9, 1.0]


def test_of_several_models_the_one_that_stands_worst_counts() -> None:
    good = {"ratios": inference.ratios(values())}
    slow = {"ratios": inference.ratios(values(worker=[90.0, 99.0]))}
    late = {"ratios": inference.ratios(values(chat_p99_added_batches=[2.0, 2.0]))}

    found = inference.worst([good, slow, late])

    assert found["offline"] == slow["ratios"]["offline"]
    assert found["chat_p99_added_batches"] == late["ratios"]["chat_p99_added_batches"]


def test_the_product_is_measured_against_the_best_peer_of_each_round() -> None:
    rates = {
        "shopstreams": [100.0, 100.0],
        "stock_faust": [50.0, 20.0],
        "quix_streams": [25.0, 40.0],
        "shopstreams_as_shipped": [80.0, 80.0],
        "stock_faust_as_shipped": [20.0, 20.0],
        "quix_streams_as_shipped": [10.0, 10.0],
    }
    runs = {name: [a_run(rate) for rate in each] for name, each in rates.items()}

    worker = {OURS: [125.0, 100.0], OURS_SHIPPED: [160.0, 100.0]}
    found = end_to_end.ratios(runs, worker)

    assert found["best_peer"]["spread"] == [2.0, 2.5]
    assert found["best_peer_as_shipped"]["median"] == 4.0
    assert found["worker"]["spread"] == [0.8, 1.0]
    assert found["worker_as_shipped"]["spread"] == [0.5, 0.8]


def test_no_text_comes_twice_and_the_order_is_always_the_same() -> None:
    def read() -> Texts:
        return Texts.shuffled("set", ["b", "a", "c", "b", "x", "d"], ["x", "y", "x"])

    found = read()

    assert sorted(found.reviews) == ["a", "b", "c", "d"]
    assert found.chats == ("x", "y")
    assert found == read()


def test_operations_are_those_of_bert_base() -> None:
    shape = Shape(name="", folder=Path(), max_tokens=512, layers=12, width=768, inner=3072)

    # 85 million weights, twice each a token; attention adds 1.6% at 90 tokens
    assert shape.operations([90]) / 90 == pytest.approx(2 * 85e6 * 1.02, rel=0.01)


def test_a_run_goes_into_the_table_of_its_benchmark_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    run: dict[str, Any] = {
        **report.machine("inference"),
        "ratios": {"offline": {"median": 1.0, "spread": [0.9, 1.1]}},
    }

    report.add(run)
    report.add(run)
    report.add({**run, "benchmark": "latency"})

    table = (tmp_path / "inference.md").read_text(encoding="utf-8")
    assert table.count("| ratios offline | 1.0 | 0.9-1.1 |") == 1
    assert (tmp_path / "engine.md").is_file()
