"""Alerts and dashboard ask for metrics that exist, and every alert tells what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector

from inference.messages import ModelInfo, Statistics, Worked
from schemas.codec import Decoder
from schemas.errors import DecodeError
from schemas.events import ReviewEvent
from streams.telemetry.figures import new_figures
from streams.telemetry.metrics import DECLARED, Counts, Spreads, WorkerCollector, exposition
from streams.telemetry.standing import PartitionStanding, Standing

ROOT = Path(__file__).parent.parent.parent
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboards/shopstreams.json"
FUNCTIONS = {
    *("sum", "max", "rate", "increase", "deriv", "histogram_quantile"),
    *("by", "on", "and", "or", "group_left", "absent", "vector"),
}
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def expressions() -> list[str]:
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return asked + [rule["expr"] for rule in rules()]


def sample_names() -> dict[str, set[str]]:
    """By name: the labels that a sample may have."""
    names: dict[str, set[str]] = {"up": set()}
    for one in DECLARED:
        labels = set(one.labels)
        if isinstance(one, Spreads):
            names |= {f"{one.name}_{part}": labels for part in ("count", "sum")}
            names[f"{one.name}_bucket"] = labels | {"le"}
        else:
            names[f"{one.name}_total" if isinstance(one, Counts) else one.name] = labels
    process = ProcessCollector(registry=CollectorRegistry())
    names |= {one.name: set() for family in process.collect() for one in family.samples}
    return names


def stripped(expression: str) -> str:
    without_texts = re.sub(r'"[^"]*"', '""', expression)
    return re.sub(r"\[[^]]*\]", "", without_texts)


def metrics_in(expression: str) -> Iterator[str]:
    bare = re.sub(r"\{[^}]*\}", "", stripped(expression))
    bare = re.sub(r"\b(by|on)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\b[0-9.]+(e[0-9]+)?\b", "", bare)
    yield from (name for name in NAME.findall(bare) if name not in FUNCTIONS)


def labels_in(expression: str) -> Iterator[str]:
    bare = stripped(expression)
    for inside in re.findall(r"\{([^}]*)\}", bare) + re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", bare):
        yield from NAME.findall(inside)


@pytest.mark.parametrize("expression", expressions())
def test_what_is_asked_for_exists(expression: str) -> None:
    names = sample_names()
    asked = set(metrics_in(expression))
    assert asked
    assert not asked - set(names)
    known = set().union(*(names[name] for name in asked)) | {"instance", "job"}
    assert not set(labels_in(expression)) - known
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)


def test_a_name_that_does_not_exist_is_found() -> None:
    assert set(metrics_in('sum by (task) (rate(shopstreams_lost_total{a="b"}[5m])) > 1e3')) == {
        "shopstreams_lost_total"
    }


def test_every_metric_of_ours_is_shown() -> None:
    shown = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    # One is only an answer to "is it up", and two tell of the cache's size.
    spared = {"shopstreams_worker_up", "shopstreams_cached_rows", "shopstreams_cached_bytes"}
    assert not [one.name for one in DECLARED if one.name not in shown and one.name not in spared]


def test_every_alert_tells_what_to_do() -> None:
    book = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    for rule in rules():
        section = re.search(rf"^#### {rule['alert']}\n\n(.+)", book, re.MULTILINE)
        assert section, rule["alert"]
        assert rule["annotations"]["runbook"].endswith("#" + rule["alert"].lower())
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_run_book_names_the_codes_of_bad_records() -> None:
    bad = [None, b"\xff", b"x", b"1", b"{}", b'{"schema_version": 99}', b'{"review_id": []}']
    found = Decoder(ReviewEvent).decode_many(bad)
    codes = {one.code for one in found if isinstance(one, DecodeError)}
    assert len(codes) == len(bad)
    book = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    section = book.split("#### ShopstreamsDeadLetters", 1)[1].split("####", 1)[0]
    assert codes <= set(re.findall(r"`([a-z0-9_]+)`", section))


@pytest.mark.parametrize(
    ("alert", "speaks"),
    [
        ("ShopstreamsDown", 'or absent(up{job="shopstreams"})'),
        ("ShopstreamsNoPartitions", "(sum(shopstreams_partitions) or vector(0)) == 0"),
    ],
)
def test_a_total_outage_leaves_no_alert_without_samples(alert: str, speaks: str) -> None:
    # An expression over metrics that nobody serves has no samples, and no sample raises no alert.
    (rule,) = [rule for rule in rules() if rule["alert"] == alert]
    assert rule["expr"].endswith(speaks)


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & cells
        taken |= cells


def standing() -> Standing:
    from faust.types import TP

    model = ModelInfo(
        slot="sentiment",
        name="fake",
        hash="0" * 16,
        labels=(),
        width=2,
        device="cpu",
        dtype="float32",
    )
    one = PartitionStanding(tp=TP("reviews", 0), is_open=True, in_flight=3, oldest_s=0.5, lag=7)
    statistics = Statistics(
        waiting={"chat": 1}, worked={"sentiment": Worked(batches=1)}, device_bytes={"cpu": 1}
    )
    return Standing(partitions=(one,), models={"sentiment": model}, statistics=statistics)


def test_every_declared_metric_is_served() -> None:
    figures = new_figures()
    figures["sentiment"].outcomes["labels"] += 2
    figures["sentiment"].buried["bad_json"] += 1
    collector = WorkerCollector(figures, standing, {"labels": "review-labels"})
    served = {sample.name for family in collector.collect() for sample in family.samples}
    ours = {name for name in sample_names() if name.startswith("shopstreams_")}
    assert served == ours
    page = exposition(collector)().decode()
    assert 'shopstreams_outcomes_total{task="sentiment",topic="review-labels"} 2.0' in page
    assert 'shopstreams_lag_records{partition="0",topic="reviews"} 7.0' in page
    assert "process_resident_memory_bytes" in page
