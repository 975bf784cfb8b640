"""The compose file, up and looked at from outside as its users would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import yaml

from schemas.topics import DEFAULT_PARTITIONS
from streams.config import load_settings
from streams.errors import StreamsError
from streams.outcomes import OutcomeReader, Start
from tests.containers.podman import Podman
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
BROKER = "127.0.0.1:9092"
PAGE = "http://127.0.0.1:6066"
PROMETHEUS = "http://127.0.0.1:9090"
GRAFANA = "http://127.0.0.1:3000"
OUTCOME_LIMIT_S = 300.0
LIMIT_S = 240.0
SOURCES = 3
PARTITIONS = SOURCES * DEFAULT_PARTITIONS
TOPICS = {"review-labels", "replies", "recommendations", "dead-letters"}


@contextmanager
def up(podman: Podman, services: list[str]) -> Iterator[float]:
    """Bring services up and yield when that began; whatever happens, all of it is torn down."""
    began = time.monotonic()
    try:
        # Podman takes a dependency for something that has to run on, and some have an end. Here
        # each waits by itself for what it needs.
        podman.compose("up", "-d", "--no-deps", *services)
        yield began
    except BaseException:
        for name in ("kafka", "topics", "worker", "feed", "prometheus"):
            print(f"--- {name}\n{_last_words(podman, name)}")
        raise
    finally:
        podman.compose("--profile", "scale", "down", "-v", "-t", "40")


def _last_words(podman: Podman, name: str) -> str:
    try:
        return podman.compose("logs", "--tail", "30", name)
    except RuntimeError as error:
        return str(error)


def first_outcomes(began: float) -> dict[str, float]:
    """Return, by topic, how many seconds after the start its first outcome was there."""
    settings = load_settings(
        environ={}, flags={"kafka.bootstrap_servers": BROKER}, directory=ROOT / "tests"
    ).settings
    until = time.monotonic() + OUTCOME_LIMIT_S
    found: dict[str, float] = {}
    reader = _reader(lambda: OutcomeReader(settings, TOPICS, Start.ALL), until)
    try:
        while set(found) < TOPICS and time.monotonic() < until:
            for record in reader.read(0.2):
                found.setdefault(record.topic_id, round(time.monotonic() - began, 1))
    finally:
        reader.close()
    if missing := TOPICS - set(found):
        raise RuntimeError(f"no outcomes in {', '.join(sorted(missing))}")
    return found


def _reader(make: Callable[[], OutcomeReader], until: float) -> OutcomeReader:
    while True:
        try:
            return make()
        except StreamsError:  # a port that is open before the broker is tells of anything
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def look_at_prometheus(workers: int) -> dict[str, float]:
    """Return what Prometheus has of all workers; raises if a target, rule or count is missing.

    Each partition has one owner, whatever their number.
    """
    wait_until(lambda: _query('sum(up{job="shopstreams"})') == workers, LIMIT_S)
    wait_until(lambda: _query("sum(shopstreams_outcomes_total)") > 0, LIMIT_S)
    wait_until(lambda: _query("sum(shopstreams_ready)") == workers, LIMIT_S)
    wait_until(lambda: _query("sum(shopstreams_partitions)") == PARTITIONS, LIMIT_S)
    rules = _get(f"{PROMETHEUS}/api/v1/rules")["data"]["groups"][0]["rules"]
    shipped = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    if len(rules) != len(shipped["groups"][0]["rules"]):
        raise RuntimeError(f"Prometheus has {len(rules)} alerts")
    if broken := [one["name"] for one in rules if one["health"] == "err"]:
        raise RuntimeError(f"alerts that cannot be computed: {broken}")
    return {
        name: _query(expression)
        for name, expression in {
            "outcomes": "sum(shopstreams_outcomes_total)",
            "dead_letters": "sum(shopstreams_dead_letters_total)",
            "partitions_of_one": "max(shopstreams_partitions)",
        }.items()
    }


def look_at_panels() -> int:
    """Return how many of the dashboard's expressions Prometheus computes; raises if not all."""
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/shopstreams.json").read_text())
    asked = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]
    for expression in asked:
        _query(expression.replace("$__rate_interval", "1m"))  # a variable of Grafana's
    return len(asked)


def look_at_page(podman: Podman) -> int:
    """Return how many outcomes the page shows to whoever has its token, and to nobody else."""
    if status("/readyz") != HTTPStatus.OK or status("/") != HTTPStatus.OK:
        raise RuntimeError("the page is not there")
    if status("/api/outcomes") != HTTPStatus.UNAUTHORIZED:
        raise RuntimeError("outcomes are shown without the token")
    token = podman.compose("exec", "-T", "worker", "cat", "/run/shopstreams/token").strip()
    found = _get(f"{PAGE}/api/outcomes", {"Authorization": f"Bearer {token}"})
    return len(found)


def look_at_grafana() -> list[str]:
    """Return the titles of the dashboards that it was provisioned with."""
    wait_until(lambda: _get(f"{GRAFANA}/api/health")["database"] == "ok", LIMIT_S)
    return [one["title"] for one in _get(f"{GRAFANA}/api/search?type=dash-db")]


def look_inside(podman: Podman) -> dict[str, str]:
    """Return who the worker is in its container, and what became of a write to its root."""
    write = "touch /usr/x 2>/dev/null && echo written || echo refused"
    tools = "command -v gcc cc make pip uv git || echo none"
    asked = {"user": "id -u", "write": write, "build_tools": tools}
    return {
        name: podman.compose("exec", "-T", "worker", "sh", "-c", script).strip()
        for name, script in asked.items()
    }


def status(path: str) -> int:
    """Return the page's answer to a request without a token."""
    try:
        with urlopen(PAGE + path, timeout=10) as answer:  # noqa: S310  # our own page
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except URLError:
        return 0


def _query(expression: str) -> float:
    found = _get(f"{PROMETHEUS}/api/v1/query?{urlencode({'query': expression})}")
    rows = found["data"]["result"]
    return float(rows[0]["value"][1]) if rows else 0.0


def _get(address: str, headers: dict[str, str] | None = None) -> Any:
    request = Request(address, headers=headers or {})  # noqa: S310  # our own servers
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)
